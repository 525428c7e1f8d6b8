// All ACPI tables of a machine as bytes that go to one place in RAM, and the pointer to them.
//
// Spec: ACPI 6.5, 5.2.5.3 (RSDP), 5.2.8 (XSDT).
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "loader/bytes.hpp"
#include "platform/address.hpp"

namespace loader::acpi {

struct Tables {
  Bytes bytes;                       // lie at the address given
  std::array<std::byte, 36> rsdp{};  // lies where the kernel is told, or looks
};

/// Tables one behind the other, each on an 8-byte boundary, as they will lie in RAM.
class TableSet {
 public:
  explicit TableSet(platform::GuestAddress place) : place_{place} {}

  /// Adds a table that another one points to, and says where it will lie.
  platform::GuestAddress add(const Bytes& table);
  /// Adds a table that the XSDT names.
  void list(const Bytes& table) { listed_.push_back(add(table)); }
  /// Adds the XSDT, and gives everything away.
  [[nodiscard]] Tables finish() &&;

 private:
  platform::GuestAddress place_;
  Bytes bytes_;
  std::vector<platform::GuestAddress> listed_;
};

}  // namespace loader::acpi
