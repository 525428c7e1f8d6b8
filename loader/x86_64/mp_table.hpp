// The MP table: processors and interrupts for kernels that do not read ACPI, and a shorter start
// for those that do. Linux looks for it before it looks for ACPI, mapping and unmapping up to 64
// KiB for each 16 bytes, and where none is found that takes a twentieth of its start.
//
// Spec: Intel MultiProcessor Specification 1.4, chapter 4.
#pragma once

#include <array>
#include <cstddef>

#include "loader/acpi/x86_64/machine.hpp"
#include "loader/bytes.hpp"

namespace loader::x86_64::mp {

/// The configuration table. It names processors whose APIC ID has eight bits, and no others.
[[nodiscard]] Bytes configuration_table(const acpi::x86_64::Machine& machine);

/// The "_MP_" anchor, which a kernel looks for in the last KiB of base memory, among other places.
[[nodiscard]] std::array<std::byte, 16> floating_pointer(
    platform::GuestAddress configuration_table);

}  // namespace loader::x86_64::mp
