// A file without a name, gone with its descriptor.
#pragma once

#include <cstdint>

#include "runtime/unique_fd.hpp"

namespace vmm {

/// Of this size, all of it a hole, where there is disk space for it ($TMPDIR, /var/tmp, /tmp), else
/// in memory. Throws HostError.
[[nodiscard]] runtime::UniqueFd make_temporary_file(std::uint64_t size_bytes);

}  // namespace vmm
