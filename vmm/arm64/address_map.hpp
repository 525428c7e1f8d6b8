// Where an AArch64 machine has its RAM, its devices and their interrupts.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "platform/address.hpp"
#include "platform/interrupts.hpp"
#include "runtime/units.hpp"
#include "vmm/virtio_place.hpp"

namespace vmm::arm64::address_map {

using namespace runtime::literals;

// RAM fills guest-physical memory from 1 GiB up, around the gap below 4 GiB that is for devices.
// (Below 1 GiB hosts keep an address for themselves at which devices given to a guest signal
// interrupts.)
inline constexpr platform::GuestAddress ram_start{1_GiB};
inline constexpr platform::AddressRange low_mmio{{0xE000'0000}, 512_MiB};

inline constexpr platform::GuestAddress boot_timer{0xEFFE'7000};
inline constexpr platform::GuestAddress gic_v2m{0xEFFE'8000};
inline constexpr platform::GuestAddress rtc{0xEFFE'9000};
inline constexpr platform::GuestAddress power_key{0xEFFE'A000};
inline constexpr platform::GuestAddress gic_its{0xEFFC'0000};
inline constexpr platform::GuestAddress gic_redistributors{0xEFFF'0000};
inline constexpr platform::GuestAddress gic_distributor{0xFFFF'0000};

struct SerialPlace {
  platform::GuestAddress base;
  platform::Gsi interrupt;
};
inline constexpr std::array serial_ports{SerialPlace{{0xEFFE'C000}, {33}},
                                         SerialPlace{{0xEFFE'B000}, {34}}};
inline constexpr platform::Gsi rtc_interrupt{35};
inline constexpr platform::Gsi power_interrupt{36};

inline constexpr platform::GuestAddress first_virtio{0xEFF0'0000};
inline constexpr std::uint32_t first_virtio_interrupt = 48;
inline constexpr std::uint32_t virtio_count = 32;

inline constexpr platform::AddressRange pci_window{{0xEB00'0000}, 64_MiB};
inline constexpr platform::AddressRange pci_ecam{{0xEF00'0000}, 1_MiB};  // of one bus

inline constexpr platform::Gsi virt_timer_interrupt{20};
inline constexpr platform::Gsi pmu_interrupt{23};
inline constexpr platform::Gsi vmbus_interrupt{18};

inline constexpr std::uint32_t gic_interrupts = 992;
inline constexpr std::uint32_t v2m_interrupts = 64;
inline constexpr platform::Gsi first_v2m_interrupt{gic_interrupts - v2m_interrupts};

[[nodiscard]] inline VirtioPlaces virtio() {
  std::array<platform::Gsi, virtio_count> interrupts;
  for (std::uint32_t i = 0; i < virtio_count; ++i) interrupts[i] = {first_virtio_interrupt + i};
  return {.pages = virtio_places(first_virtio, interrupts),
          .pci = {.ecam = pci_ecam, .window = pci_window}};
}

/// The RAM ranges of a machine with so much memory, ascending.
[[nodiscard]] inline std::vector<platform::AddressRange> ram(std::uint64_t memory_bytes) {
  const std::uint64_t low_bytes = low_mmio.start - ram_start;
  if (memory_bytes <= low_bytes) return {{ram_start, memory_bytes}};
  return {{ram_start, low_bytes}, {low_mmio.end(), memory_bytes - low_bytes}};
}

}  // namespace vmm::arm64::address_map
