// The multiple APIC description table: processors, and the interrupt controller between them.
//
// Spec: ACPI 6.3, 5.2.12.14 to 5.2.12.18.
#pragma once

#include "loader/arm64/machine.hpp"
#include "loader/bytes.hpp"

namespace loader::acpi::arm64 {

/// A processor's UID is its index plus 1, here as in DSDT, SRAT and PPTT.
[[nodiscard]] Bytes make_madt(const loader::arm64::Machine& machine);

}  // namespace loader::acpi::arm64
