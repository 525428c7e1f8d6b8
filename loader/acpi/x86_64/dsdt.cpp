#include "loader/acpi/x86_64/dsdt.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "loader/acpi/aml.hpp"
#include "loader/acpi/devices.hpp"
#include "loader/acpi/pci.hpp"

namespace loader::acpi::x86_64 {
namespace {

using namespace aml;

constexpr std::uint32_t local_apic_address = 0xFEE0'0000;
constexpr std::uint32_t apic_register_bytes = 0x1000;

/// PM1 control takes the first two numbers as SLP_TYP; the others are reserved (7.4.2).
Bytes sleep_state(const char* path, std::uint8_t sleep_type) {
  const Bytes type = integer(sleep_type);
  return name(path, package({type, type, integer(0), integer(0)}));
}

Bytes interrupt_controllers(const Machine& machine) {
  const auto io_apic = static_cast<std::uint32_t>(machine.io_apic.address.value);
  return device("APIC",
                {name("_HID", eisa_id("PNP0003")),
                 name("_CRS", resources({memory_32_fixed(local_apic_address, apic_register_bytes),
                                         memory_32_fixed(io_apic, apic_register_bytes)}))});
}

Bytes serial_port(const SerialPort& port, Sharing sharing) {
  constexpr std::uint8_t registers = 8;
  return device(
      fmt::format("UAR{}", port.number),
      {name("_HID", eisa_id("PNP0501")), name("_DDN", string(fmt::format("COM{}", port.number))),
       name("_UID", integer(port.number)),
       name("_CRS", resources({io_ports(port.base, 1, registers),
                               interrupt(port.interrupt, Trigger::Edge, sharing)}))});
}

/// COM1 and COM3, and COM2 and COM4, have one interrupt between them.
Bytes serial_ports(const Machine& machine) {
  Terms nodes;
  for (const SerialPort& port : machine.serial_ports) {
    const auto users =
        std::ranges::count(machine.serial_ports, port.interrupt, &SerialPort::interrupt);
    nodes.push_back(serial_port(port, users > 1 ? Sharing::Shared : Sharing::Exclusive));
  }
  return join(nodes);
}

Bytes rtc(const Rtc& rtc) {
  constexpr std::uint8_t registers = 2;
  return device(
      "RTC0",
      {name("_HID", eisa_id("PNP0B00")), name("_UID", integer(0)),
       name("_CRS", resources({io_ports(rtc.base, 0, registers),
                               interrupt(rtc.interrupt, Trigger::Edge, Sharing::Exclusive)}))});
}

}  // namespace

Bytes dsdt_content(const Machine& machine) {
  Terms nodes{interrupt_controllers(machine), serial_ports(machine)};
  for (std::size_t index = 0; index < machine.virtio_mmio.size(); ++index) {
    const VirtioMmio& transport = machine.virtio_mmio[index];
    nodes.push_back(virtio_mmio(index, transport.registers, transport.interrupt));
  }
  if (machine.pci) nodes.push_back(pci_root(*machine.pci));
  if (machine.mmio_windows) {
    const auto& [low, high] = *machine.mmio_windows;
    nodes.push_back(mmio_windows(low, high, machine.has_vmbus ? vmbus() : Bytes{}));
  }
  if (machine.rtc) nodes.push_back(rtc(*machine.rtc));
  nodes.push_back(processors(machine.processors.size()));
  return join({sleep_state("_S0", 0), sleep_state("_S5", machine.power.power_off_sleep_type),
               scope("_SB", nodes)});
}

}  // namespace loader::acpi::x86_64
