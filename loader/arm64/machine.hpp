// An AArch64 machine as its ACPI tables and its device tree describe it, in plain structs: what is
// listed exists, what is not does not.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "loader/pci_host.hpp"
#include "platform/address.hpp"
#include "platform/arm64/config.hpp"
#include "platform/interrupts.hpp"

namespace loader::arm64 {

struct Processor {
  /// The affinity fields of MPIDR_EL1: bits 39..32 and 23..0, all others 0.
  std::uint64_t mpidr = 0;
  std::uint32_t node = 0;  // NUMA node
  friend bool operator==(const Processor&, const Processor&) = default;
};

struct Memory {
  platform::AddressRange range;
  std::uint32_t node = 0;
  friend bool operator==(const Memory&, const Memory&) = default;
};

/// A PL011 that takes one page; level-triggered.
struct SerialPort {
  platform::GuestAddress base;
  platform::Gsi interrupt;
  friend bool operator==(const SerialPort&, const SerialPort&) = default;
};

/// A PL031 that takes one page; level-triggered.
struct Rtc {
  platform::GuestAddress base;
  platform::Gsi interrupt;
  friend bool operator==(const Rtc&, const Rtc&) = default;
};

/// An edge on the interrupt is a press of the power button. ACPI tables can show it, a device tree
/// cannot.
struct PowerButton {
  platform::Gsi interrupt;
  friend bool operator==(const PowerButton&, const PowerButton&) = default;
};

inline constexpr std::uint32_t pl061_pins = 8;

/// A pin of a PL061 that takes one page (level-triggered) is high while the power button is held
/// down. A device tree can show it, ACPI tables do not.
struct PowerKey {
  platform::GuestAddress base;
  platform::Gsi interrupt;
  std::uint32_t pin = 0;  // below pl061_pins
  friend bool operator==(const PowerKey&, const PowerKey&) = default;
};

/// A virtio device's register page; its interrupt is an edge, rising.
struct VirtioMmio {
  platform::AddressRange registers;
  platform::Gsi interrupt;
  friend bool operator==(const VirtioMmio&, const VirtioMmio&) = default;
};

/// MMIO given out by the guest at run time; the VMBus, if any, hands it to its devices.
struct MmioWindows {
  platform::AddressRange low;                  // below 4 GiB
  std::optional<platform::AddressRange> high;  // above
  friend bool operator==(const MmioWindows&, const MmioWindows&) = default;
};

struct Machine {
  platform::arm64::PlatformConfig platform;
  std::vector<Processor> processors;
  std::vector<Memory> memory;  // ascending
  /// From each node to each, row by row; empty means 10 to itself and 20 to others.
  std::vector<std::uint8_t> node_distances = {};
  std::vector<SerialPort> serial_ports = {};  // the first is the console
  std::optional<Rtc> rtc = {};
  std::optional<PowerButton> power_button = {};
  std::optional<PowerKey> power_key = {};
  std::vector<VirtioMmio> virtio_mmio = {};
  std::optional<PciHost> pci = {};  // its functions send messages to platform.gic_msi
  std::optional<MmioWindows> mmio_windows = {};
  bool has_vmbus = false;  // needs mmio_windows
  friend bool operator==(const Machine&, const Machine&) = default;
};

}  // namespace loader::arm64
