// The machine as ACPI describes it, in plain structs: what is listed exists, what is not does not.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "loader/pci_host.hpp"
#include "platform/address.hpp"
#include "platform/interrupts.hpp"

namespace loader::acpi::x86_64 {

struct Processor {
  std::uint32_t apic_id = 0;
  std::uint32_t node = 0;  // NUMA node
};

struct Memory {
  platform::AddressRange range;
  std::uint32_t node = 0;
};

struct IoApic {
  std::uint8_t id = 0;
  platform::GuestAddress address{0xFEC0'0000};
  platform::Gsi first_pin{0};
};

/// PM1 event block at +0, PM1 control block at +4, 32-bit PM timer at +8, reset register at +0x33.
struct PowerManagement {
  platform::Port base{0x400};
  platform::Gsi interrupt{9};  // SCI: level, active high
  std::uint8_t power_off_sleep_type = 0;
  std::uint8_t reset_value = 1;
};

/// A 16550 at eight consecutive ports, edge-triggered.
struct SerialPort {
  unsigned number = 1;  // 1 is COM1
  platform::Port base{0x3F8};
  platform::Gsi interrupt{4};
};

struct Rtc {
  platform::Port base{0x70};
  platform::Gsi interrupt{8};
};

struct VirtioMmio {
  platform::AddressRange registers;
  platform::Gsi interrupt;  // edge, rising
};

/// MMIO given out by the guest at run time; the VMBus, if any, hands it to its devices.
struct MmioWindows {
  platform::AddressRange low;                  // below 4 GiB
  std::optional<platform::AddressRange> high;  // above
};

struct Machine {
  std::vector<Processor> processors;
  std::vector<Memory> memory;
  /// From each node to each, row by row; empty means 10 to itself and 20 to others.
  std::vector<std::uint8_t> node_distances = {};
  IoApic io_apic = {};
  bool has_pic = true;  // two 8259s beside the IO-APIC
  PowerManagement power = {};
  std::vector<SerialPort> serial_ports = {};
  std::optional<Rtc> rtc = {};
  std::vector<VirtioMmio> virtio_mmio = {};
  std::optional<PciHost> pci = {};
  std::optional<MmioWindows> mmio_windows = {};
  bool has_vmbus = false;  // needs mmio_windows
};

}  // namespace loader::acpi::x86_64
