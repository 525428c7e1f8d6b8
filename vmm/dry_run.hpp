// --dry-run: the machine that would be built, in words.
#pragma once

#include <string>

#include "vmm/boot_files.hpp"
#include "vmm/config.hpp"

namespace vmm {

/// Loads kernel and tables into memory of its own, exactly as a real start would, and tells what
/// came out. Throws what loader::x86_64::load_linux throws.
[[nodiscard]] std::string describe_machine(const MachineConfig& config, const BootFiles& files);

}  // namespace vmm
