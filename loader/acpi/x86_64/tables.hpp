// The ACPI tables of an x86-64 machine.
//
// Spec: ACPI 6.5, chapter 5.2.
#pragma once

#include "loader/acpi/table_set.hpp"
#include "loader/acpi/x86_64/machine.hpp"
#include "platform/address.hpp"

namespace loader::acpi::x86_64 {

/// DSDT, FADT, MADT, SRAT, SLIT (with more than one node), MCFG (with PCI), and last the XSDT that
/// lists them.
[[nodiscard]] Tables make_tables(const Machine& machine, platform::GuestAddress place);

}  // namespace loader::acpi::x86_64
