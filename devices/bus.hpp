// Which device answers at an address.
//
// Threads: devices are added before the first vCPU runs; from then on it is read-only, so a
//          look-up takes no lock.
// Trust:   address and size of an access are the guest's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "devices/bus_device.hpp"
#include "platform/address.hpp"

namespace devices {

/// The devices of one address space. Each keeps its place for the bus's whole life; the bus does
/// not own them.
///
/// An access belongs to a device only if all of its bytes do. Any other is a miss, also one that
/// merely touches a device: a 32-bit write to 0xCF8 must not hit the reset control at 0xCF9. Misses
/// read as all ones, and what is written to them is gone.
template <typename Address>
class Bus {
 public:
  /// Places `device` at [start, start + size_bytes).
  /// Throws std::invalid_argument when the range is empty, leaves the address space, or overlaps
  /// that of a device already there.
  void add(Address start, std::uint64_t size_bytes, BusDevice& device);

  void read(Address address, std::span<std::byte> data) const;
  void write(Address address, std::span<const std::byte> data) const;

 private:
  struct Place {
    std::uint64_t first;
    std::uint64_t last;  // inclusive, so that the top of the address space is not special
    BusDevice* device;
  };

  const Place* find(std::uint64_t first, std::size_t size_bytes) const;

  std::vector<Place> places_;  // ascending, disjoint
};

using PortBus = Bus<platform::Port>;
using MmioBus = Bus<platform::GuestAddress>;

extern template class Bus<platform::Port>;
extern template class Bus<platform::GuestAddress>;

}  // namespace devices
