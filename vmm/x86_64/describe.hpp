// A PC in words.
#pragma once

#include <string>

#include "vmm/boot_files.hpp"
#include "vmm/config.hpp"

namespace vmm::x86_64 {

/// Loads kernel and tables into memory of its own, exactly as a real start would, and tells what
/// came out. Throws what load_linux throws.
[[nodiscard]] std::string describe(const MachineConfig& config, const BootFiles& files);

}  // namespace vmm::x86_64
