// Where an x86_64 machine has its RAM and its devices.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "platform/address.hpp"
#include "platform/interrupts.hpp"
#include "runtime/units.hpp"
#include "vmm/virtio_place.hpp"

namespace vmm::x86_64::address_map {

using namespace runtime::literals;

// RAM fills guest-physical memory from 0 up, around the gap below 4 GiB that is for devices.
inline constexpr platform::AddressRange low_mmio{{3_GiB}, 1_GiB};

inline constexpr platform::GuestAddress boot_timer{0xC000'0000};  // where Firecracker has it

struct SerialPlace {
  platform::Port base;
  platform::Gsi interrupt;
};
inline constexpr std::array serial_ports{SerialPlace{{0x3F8}, {4}}, SerialPlace{{0x2F8}, {3}},
                                         SerialPlace{{0x3E8}, {4}}, SerialPlace{{0x2E8}, {3}}};

inline constexpr platform::Port rtc{0x70};
inline constexpr platform::Gsi rtc_interrupt{8};
inline constexpr platform::Port power_management{0x400};
inline constexpr platform::Gsi power_management_interrupt{9};

/// The pins no PC device has, those beyond the PICs' first.
inline constexpr std::array<platform::Gsi, 17> virtio_interrupts{{{16},
                                                                  {17},
                                                                  {18},
                                                                  {19},
                                                                  {20},
                                                                  {21},
                                                                  {22},
                                                                  {23},
                                                                  {5},
                                                                  {6},
                                                                  {7},
                                                                  {10},
                                                                  {11},
                                                                  {12},
                                                                  {13},
                                                                  {14},
                                                                  {15}}};
inline constexpr platform::AddressRange pci_window{{0xD000'0000}, 64_MiB};
inline constexpr platform::AddressRange pci_ecam{{0xE000'0000}, 1_MiB};  // of one bus
inline constexpr platform::PortRange pci_ports{{0xC000}, 0x4000};  // above any a PC's board has

[[nodiscard]] inline VirtioPlaces virtio() {
  return {.pages = virtio_places({0xC001'0000}, virtio_interrupts),
          .pci = {.ecam = pci_ecam, .window = pci_window, .ports = pci_ports}};
}

/// The RAM ranges of a machine with so much memory, ascending.
[[nodiscard]] inline std::vector<platform::AddressRange> ram(std::uint64_t memory_bytes) {
  if (memory_bytes <= low_mmio.start.value) return {{{0}, memory_bytes}};
  return {{{0}, low_mmio.start.value}, {low_mmio.end(), memory_bytes - low_mmio.start.value}};
}

}  // namespace vmm::x86_64::address_map
