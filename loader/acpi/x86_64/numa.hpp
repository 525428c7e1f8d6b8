// Which processors and memory belong together: SRAT, and how far apart they are: SLIT.
//
// Spec: ACPI 6.5, 5.2.16 and 5.2.17.
#pragma once

#include <cstdint>

#include "loader/acpi/x86_64/machine.hpp"
#include "loader/bytes.hpp"

namespace loader::acpi::x86_64 {

[[nodiscard]] std::uint32_t node_count(const Machine& machine);

[[nodiscard]] Bytes make_srat(const Machine& machine);

/// Throws LoadError if distances are given, but not one for each pair of nodes.
[[nodiscard]] Bytes make_slit(const Machine& machine);

}  // namespace loader::acpi::x86_64
