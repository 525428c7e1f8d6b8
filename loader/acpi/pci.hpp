// A PCI Express root complex as ACPI shows it.
//
// Spec: PCI Firmware 3.3, 4.1 (MCFG, and who reserves the ECAM), 4.5 (_OSC); ACPI 6.5, 6.2.17
// (_CCA),
//       6.5.5 (_BBN), 6.5.6 (_SEG).
#pragma once

#include "loader/bytes.hpp"
#include "loader/pci_host.hpp"

namespace loader::acpi {

/// The bridge, without _PRT: its functions have no interrupt pins. And the motherboard resource
/// that reserves the ECAM, without which Linux does not use it.
[[nodiscard]] Bytes pci_root(const PciHost& host);

/// Where the ECAM is.
[[nodiscard]] Bytes make_mcfg(const PciHost& host);

}  // namespace loader::acpi
