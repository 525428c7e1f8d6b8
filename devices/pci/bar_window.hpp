// A part of an address space that a host bridge hands on to the BARs of its functions.
//
// Threads: vCPU threads; takes no lock.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "devices/bus_device.hpp"
#include "devices/pci/bar_map.hpp"
#include "platform/address.hpp"

namespace devices::pci {

struct Window {
  Space space = Space::Memory;
  platform::AddressRange range;

  [[nodiscard]] bool contains(Space other, platform::AddressRange part) const {
    return space == other && range.contains(part);
  }
};

/// As on any bus, what no BAR answers reads as all ones, and what is written there is gone.
class BarWindow final : public BusDevice {
 public:
  /// `bars` outlives it.
  BarWindow(const Window& window, const BarMap& bars) : window_{window}, bars_{bars} {}

  void read(std::uint64_t offset, std::span<std::byte> data) override {
    if (const auto found = find(offset, data.size())) {
      found->function.read_bar(found->bar, found->offset, data);
    } else {
      std::ranges::fill(data, std::byte{0xFF});
    }
  }
  void write(std::uint64_t offset, std::span<const std::byte> data) override {
    if (const auto found = find(offset, data.size())) {
      found->function.write_bar(found->bar, found->offset, data);
    }
  }

 private:
  [[nodiscard]] std::optional<BarMap::Found> find(std::uint64_t offset,
                                                  std::size_t size_bytes) const {
    return bars_.find(window_.space, {window_.range.start + offset, size_bytes});
  }

  const Window window_;
  const BarMap& bars_;
};

}  // namespace devices::pci
