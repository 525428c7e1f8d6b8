// Which processors and memory belong together: SRAT, and what makes up a socket: PPTT.
//
// Spec: ACPI 6.3, 5.2.16 and 5.2.29.
#pragma once

#include "loader/arm64/machine.hpp"
#include "loader/bytes.hpp"

namespace loader::acpi::arm64 {

[[nodiscard]] Bytes make_srat(const loader::arm64::Machine& machine);

/// One socket of all processors, each a core with one thread. Without it, a kernel takes every 16
/// processors, whose MPIDRs have the same Aff1, for a socket.
[[nodiscard]] Bytes make_pptt(const loader::arm64::Machine& machine);

}  // namespace loader::acpi::arm64
