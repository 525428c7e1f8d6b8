// A PCI Express root complex of one segment, for tables and trees of any architecture.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "platform/address.hpp"

namespace loader {

struct PciHost {
  static constexpr std::uint64_t bus_bytes = 0x10'0000;  // of the ECAM

  /// Bus 0's configuration space, and those of the buses behind it: at most 256.
  platform::AddressRange ecam;
  /// Memory below 4 GiB that it hands on to its functions' registers.
  platform::AddressRange window;
  /// Ports that it hands on, in a PC.
  std::optional<platform::PortRange> ports = {};

  [[nodiscard]] std::uint8_t last_bus() const {
    return static_cast<std::uint8_t>(ecam.size_bytes / bus_bytes - 1);
  }
  friend bool operator==(const PciHost&, const PciHost&) = default;
};

}  // namespace loader
