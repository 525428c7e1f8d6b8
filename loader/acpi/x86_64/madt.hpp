// The multiple APIC description table: processors, and how interrupts reach them.
//
// Spec: ACPI 6.5, 5.2.12.
#pragma once

#include "loader/acpi/x86_64/machine.hpp"
#include "loader/bytes.hpp"

namespace loader::acpi::x86_64 {

/// A processor's UID is its index plus 1, here as in DSDT and SRAT.
[[nodiscard]] Bytes make_madt(const Machine& machine);

}  // namespace loader::acpi::x86_64
