// The generic timer description table: the interrupts of each processor's timers.
//
// Spec: ACPI 6.3, 5.2.24.
#pragma once

#include "loader/arm64/machine.hpp"
#include "loader/bytes.hpp"

namespace loader::acpi::arm64 {

/// The EL1 physical and the virtual timer, which are all that a guest in EL1 has.
[[nodiscard]] Bytes make_gtdt(const loader::arm64::Machine& machine);

}  // namespace loader::acpi::arm64
