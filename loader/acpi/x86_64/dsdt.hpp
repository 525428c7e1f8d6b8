// The differentiated system description table: the machine's devices as a tree of AML objects.
//
// Spec: ACPI 6.5, 5.2.11.1, chapters 6 and 7.4 (sleep states), 8.4 (processors).
#pragma once

#include "loader/acpi/x86_64/machine.hpp"
#include "loader/bytes.hpp"

namespace loader::acpi::x86_64 {

/// The table's content, without its header. There is a node for what exists, and for nothing else.
[[nodiscard]] Bytes dsdt_content(const Machine& machine);

}  // namespace loader::acpi::x86_64
