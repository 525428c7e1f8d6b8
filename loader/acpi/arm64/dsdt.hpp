// The differentiated system description table: the machine's devices as a tree of AML objects.
//
// Spec: ACPI 6.3, 5.2.11.1, 5.6.9 (event device), 6.2.17 (_CCA); Linux
//       Documentation/arch/arm64/arm-acpi.rst.
#pragma once

#include <cstdint>

#include "loader/arm64/machine.hpp"
#include "loader/bytes.hpp"

namespace loader::acpi::arm64 {

/// How other tables name the first serial port.
inline constexpr char first_serial_port_path[] = "\\_SB.UAR0";

/// The UID of the one socket, which has all processors in it.
inline constexpr std::uint32_t socket_uid = 0;

/// The table's content, without its header. There is a node for what exists, and for nothing else.
[[nodiscard]] Bytes dsdt_content(const loader::arm64::Machine& machine);

}  // namespace loader::acpi::arm64
