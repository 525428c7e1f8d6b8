// ACPI tables of a machine, as bytes that go to one place in RAM, and the pointer to them.
//
// Spec: ACPI 6.5, chapter 5.2.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "loader/acpi/x86_64/machine.hpp"
#include "platform/address.hpp"

namespace loader::acpi::x86_64 {

struct Tables {
  std::vector<std::byte> bytes;      // lie at the address given
  std::array<std::byte, 36> rsdp{};  // lies where the kernel is told, or looks
};

/// DSDT, FADT, MADT, SRAT, SLIT (with more than one node), and last the XSDT that lists them.
[[nodiscard]] Tables make_tables(const Machine& machine, platform::GuestAddress place);

}  // namespace loader::acpi::x86_64
