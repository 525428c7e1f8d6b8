// The processors' registers at the first instruction.
//
// Spec: Linux Documentation/arch/x86/boot.rst, "64-bit Boot Protocol"; Xen docs/misc/pvh.pandoc.
#pragma once

#include <cstdint>

#include "loader/x86_64/linux_boot.hpp"
#include "platform/x86_64/cpu_state.hpp"

namespace vmm::x86_64 {

[[nodiscard]] platform::x86_64::BootState boot_state(const loader::x86_64::BootEntry& entry);

/// MTRRs and PAT: RAM write-back, everything else uncached, alike on every processor.
[[nodiscard]] platform::x86_64::CommonMsrs common_msrs(std::uint64_t memory_bytes,
                                                       unsigned physical_address_bits);

}  // namespace vmm::x86_64
