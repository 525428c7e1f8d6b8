// SMBIOS: who made this machine, as /sys/class/dmi/id shows it.
//
// Spec: DSP0134 (SMBIOS 3.x): 5.2.2 64-bit entry point, 6.1.3 strings, 7.1, 7.2, 7.45.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "loader/bytes.hpp"
#include "platform/address.hpp"

namespace loader::smbios {

/// An empty text is reported as "not specified".
struct Identity {
  std::string bios_vendor = "Mayfly";
  std::string bios_version = "Mayfly Direct";
  std::string bios_date = "01/01/2026";  // MM/DD/YYYY
  std::string manufacturer = "Mayfly";
  std::string product = "Mayfly Virtual Machine";
  std::string version = {};
  std::string serial = {};
  std::array<std::uint8_t, 16> uuid = {};  // in the order its text form is written; all 0: none
  std::string sku = {};
  std::string family = {};
};

/// Types 0 (BIOS), 1 (system) and 127 (end).
[[nodiscard]] Bytes structure_table(const Identity& identity);

/// The "_SM3_" anchor, which a kernel looks for at 16-byte steps from 0xF0000 on.
[[nodiscard]] std::array<std::byte, 24> entry_point(platform::AddressRange structure_table);

}  // namespace loader::smbios
