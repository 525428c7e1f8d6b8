// An AArch64 machine in words.
#pragma once

#include <string>

#include "vmm/boot_files.hpp"
#include "vmm/config.hpp"

namespace vmm::arm64 {

/// Loads kernel and tables into memory of its own, exactly as a start on a host that offers
/// everything would, and tells what came out. Throws what load_linux throws.
[[nodiscard]] std::string describe(const MachineConfig& config, const BootFiles& files);

}  // namespace vmm::arm64
