// The ACPI tables of an AArch64 machine.
//
// Spec: ACPI 6.3, chapter 5.2, the last version whose GICC structure has the 80 bytes that kernels
//       of all ages take; Arm Base Boot Requirements (DEN0044), 4.2 (which tables).
#pragma once

#include "loader/acpi/table_set.hpp"
#include "loader/arm64/machine.hpp"
#include "platform/address.hpp"

namespace loader::acpi::arm64 {

using loader::arm64::Machine;

/// DSDT, FADT, MADT, GTDT, SRAT, SLIT (with more than one node), PPTT, SPCR and DBG2 (with a serial
/// port), MCFG (with PCI), IORT (with PCI and an ITS), and last the XSDT that lists them. Throws
/// LoadError for distances that are not one for each pair of nodes.
[[nodiscard]] Tables make_tables(const Machine& machine, platform::GuestAddress place);

}  // namespace loader::acpi::arm64
