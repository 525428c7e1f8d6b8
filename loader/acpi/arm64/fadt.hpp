// The fixed ACPI description table of a machine without fixed hardware.
//
// Spec: ACPI 6.3, 5.2.9.
#pragma once

#include "loader/arm64/machine.hpp"
#include "loader/bytes.hpp"
#include "platform/address.hpp"

namespace loader::acpi::arm64 {

/// Power off, reset and starting processors are PSCI's, by HVC.
[[nodiscard]] Bytes make_fadt(const loader::arm64::Machine& machine, platform::GuestAddress dsdt);

}  // namespace loader::acpi::arm64
