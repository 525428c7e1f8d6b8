// The I/O remapping table: which ITS takes the messages of PCI functions.
//
// Spec: Arm, "I/O Remapping Table" (DEN 0049), revision E.
#pragma once

#include "loader/bytes.hpp"

namespace loader::acpi::arm64 {

/// The root complex of segment 0, and the MADT's only ITS, which knows its functions by bus, device
/// and function.
[[nodiscard]] Bytes make_iort();

}  // namespace loader::acpi::arm64
