// AArch64 machines of every shape, for tests and as seeds for fuzzing.
#pragma once

#include <cstdint>
#include <vector>

#include "loader/arm64/machine_tree.hpp"

namespace samples {

/// One processor, one stretch of memory, a GICv3 with v2m, and nothing else.
loader::arm64::Machine bare_machine(std::uint32_t processors = 1);

/// Two nodes, and one of everything that a device tree can show, two of what can be several.
loader::arm64::Machine full_machine(std::uint32_t processors = 2);

/// 1, 2, 16, 17 and 255 processors, both GICs, all kinds of messages, with and without each device.
std::vector<loader::arm64::Machine> all_machines();

/// A value for every field.
loader::arm64::Chosen full_chosen();

}  // namespace samples
