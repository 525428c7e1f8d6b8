// The first places of BARs, as firmware would have given them out.
#pragma once

#include <cstdint>
#include <stdexcept>

#include "platform/address.hpp"
#include "runtime/units.hpp"

namespace devices::pci {

class BarPlacer {
 public:
  explicit BarPlacer(platform::AddressRange window) : window_{window}, next_{window.start} {}

  /// Room for so many bytes or ports (a power of two), at a multiple of them. Throws
  /// std::length_error when the window is full.
  [[nodiscard]] platform::GuestAddress take(std::uint64_t size_bytes) {
    const platform::GuestAddress place{runtime::align_up(next_.value, size_bytes)};
    if (!window_.contains(platform::AddressRange{place, size_bytes})) {
      throw std::length_error{"no room left for registers of PCI devices"};
    }
    next_ = place + size_bytes;
    return place;
  }

 private:
  const platform::AddressRange window_;
  platform::GuestAddress next_;
};

}  // namespace devices::pci
