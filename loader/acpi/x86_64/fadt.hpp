// The fixed ACPI description table: power management registers and what hardware is not there.
//
// Spec: ACPI 6.5, 5.2.9.
#pragma once

#include "loader/acpi/x86_64/machine.hpp"
#include "loader/bytes.hpp"
#include "platform/address.hpp"

namespace loader::acpi::x86_64 {

[[nodiscard]] Bytes make_fadt(const Machine& machine, platform::GuestAddress dsdt);

}  // namespace loader::acpi::x86_64
