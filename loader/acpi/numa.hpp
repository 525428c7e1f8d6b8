// What the affinity tables of all architectures have in common: memory, and distances.
//
// Spec: ACPI 6.5, 5.2.16 (SRAT) and 5.2.17 (SLIT).
#pragma once

#include <cstdint>
#include <vector>

#include "loader/acpi/table.hpp"
#include "loader/bytes.hpp"
#include "platform/address.hpp"

namespace loader::acpi {

/// An SRAT without any structure yet.
[[nodiscard]] Table begin_srat();

void append_memory_affinity(Table& srat, platform::AddressRange range, std::uint32_t node);

/// `distances`: from each node to each, row by row; empty means 10 to itself and 20 to others.
/// Throws LoadError if there are some, but not one for each pair of nodes.
[[nodiscard]] Bytes make_slit(std::uint32_t nodes, const std::vector<std::uint8_t>& distances);

}  // namespace loader::acpi
