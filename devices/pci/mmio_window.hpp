// The memory a host bridge hands on to the BARs of its functions.
//
// Threads: vCPU threads; takes no lock.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "devices/bus_device.hpp"
#include "devices/pci/bar_map.hpp"
#include "platform/address.hpp"

namespace devices::pci {

/// As on any bus, what no BAR answers reads as all ones, and what is written there is gone.
class MmioWindow final : public BusDevice {
 public:
  /// The window lies at `start`; `bars` outlives it.
  MmioWindow(platform::GuestAddress start, const BarMap& bars) : start_{start}, bars_{bars} {}

  void read(std::uint64_t offset, std::span<std::byte> data) override {
    if (const auto found = bars_.find({start_ + offset, data.size()})) {
      found->function.read_bar(found->bar, found->offset, data);
    } else {
      std::ranges::fill(data, std::byte{0xFF});
    }
  }
  void write(std::uint64_t offset, std::span<const std::byte> data) override {
    if (const auto found = bars_.find({start_ + offset, data.size()})) {
      found->function.write_bar(found->bar, found->offset, data);
    }
  }

 private:
  const platform::GuestAddress start_;
  const BarMap& bars_;
};

}  // namespace devices::pci
