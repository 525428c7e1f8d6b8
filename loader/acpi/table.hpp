// One ACPI table as bytes: a header, whatever is appended, and a sum of zero.
//
// Spec: ACPI 6.5, 5.2.6 "System Description Table Header".
#pragma once

#include <cstdint>
#include <string_view>

#include "loader/bytes.hpp"

namespace loader::acpi {

class Table {
 public:
  Table(std::string_view signature, std::uint8_t revision);

  template <typename T>
  Table& append(const T& value) {
    loader::append(bytes_, value);
    return *this;
  }

  /// Fills in length and checksum, and gives the bytes away.
  [[nodiscard]] Bytes finish();

 private:
  Bytes bytes_;
};

}  // namespace loader::acpi
