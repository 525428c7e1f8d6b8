// Where a machine can have virtio devices: pages of registers, or a PCI bus.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "loader/pci_host.hpp"
#include "platform/address.hpp"
#include "platform/interrupts.hpp"

namespace vmm {

struct VirtioPlace {
  static constexpr std::uint64_t page_bytes = 0x1000;

  platform::AddressRange registers;
  platform::Gsi interrupt;  ///< Its own: edge, rising.
};

/// As many as each architecture has.
inline constexpr std::size_t most_virtio_pages = 17;

struct VirtioPlaces {
  std::vector<VirtioPlace> pages;
  loader::PciHost pci;
};

/// Pages one after the other; interrupts as the architecture has them free.
[[nodiscard]] inline std::vector<VirtioPlace> virtio_places(
    platform::GuestAddress first, std::span<const platform::Gsi> interrupts) {
  std::vector<VirtioPlace> places;
  for (const platform::Gsi interrupt : interrupts) {
    const platform::GuestAddress start = first + places.size() * VirtioPlace::page_bytes;
    places.push_back({{start, VirtioPlace::page_bytes}, interrupt});
  }
  return places;
}

}  // namespace vmm
