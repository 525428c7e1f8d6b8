#include "loader/acpi/arm64/dsdt.hpp"

#include <cstddef>
#include <cstdint>

#include <fmt/core.h>

#include "loader/acpi/aml.hpp"
#include "loader/acpi/devices.hpp"
#include "loader/acpi/pci.hpp"

namespace loader::acpi::arm64 {
namespace {

using namespace aml;
using namespace loader::arm64;
using platform::AddressRange;

constexpr std::uint64_t register_page_bytes = 0x1000;

/// 6.2.17: without it, a device's DMA is taken not to work at all.
Bytes coherent_dma() {
  return name("_CCA", integer(1));
}

Bytes registers(platform::GuestAddress page) {
  return qword_memory({page, register_page_bytes}, MemoryUse::Registers);
}

Bytes serial_port(const SerialPort& port, std::size_t index) {
  return device(
      fmt::format("UAR{}", index),
      {name("_HID", string("ARMH0011")), name("_UID", integer(index)),
       name("_CRS", resources({registers(port.base),
                               interrupt(port.interrupt, Trigger::Level, Sharing::Exclusive)}))});
}

/// No id stands for a PL031. Linux has a driver for it that finds it by its identification
/// registers, once anything makes a device of its page on the bus for Arm's PrimeCells, and the id
/// of another PrimeCell, the PL061, does (drivers/acpi/arm64/amba.c).
Bytes rtc(const Rtc& rtc) {
  return device(
      "RTC0",
      {name("_HID", string("MFLY0031")), name("_CID", string("ARMH0061")), name("_UID", integer(0)),
       name("_CRS", resources({registers(rtc.base),
                               interrupt(rtc.interrupt, Trigger::Level, Sharing::Exclusive)}))});
}

/// A machine without fixed hardware has its events from a device of their own (5.6.9).
Bytes power_button(const PowerButton& button) {
  constexpr std::uint8_t pressed = 0x80;
  const Bytes pin = integer(button.interrupt.value);
  return join(
      {device("PWRB", {name("_HID", eisa_id("PNP0C0C")), name("_UID", integer(0))}),
       device("GED0", {name("_HID", string("ACPI0013")), name("_UID", integer(0)),
                       name("_CRS", resources({interrupt(button.interrupt, Trigger::Edge,
                                                         Sharing::Exclusive)})),
                       method("_EVT", {if_equal(argument(0), pin, {notify("PWRB", pressed)})},
                              Arguments::One)})});
}

Bytes vmbus_on(platform::Gsi pin) {
  return vmbus(
      join({coherent_dma(),
            name("_CRS", resources({interrupt(pin, Trigger::Edge, Sharing::Exclusive)}))}));
}

/// A processor container (8.4.3).
Bytes socket(std::size_t processor_count) {
  return device("SOCK", {name("_HID", string("ACPI0010")), name("_UID", integer(socket_uid)),
                         processors(processor_count)});
}

}  // namespace

Bytes dsdt_content(const Machine& machine) {
  Terms nodes;
  for (std::size_t index = 0; index < machine.serial_ports.size(); ++index) {
    nodes.push_back(serial_port(machine.serial_ports[index], index));
  }
  for (std::size_t index = 0; index < machine.virtio_mmio.size(); ++index) {
    const VirtioMmio& transport = machine.virtio_mmio[index];
    nodes.push_back(virtio_mmio(index, transport.registers, transport.interrupt, coherent_dma()));
  }
  if (machine.pci) nodes.push_back(pci_root(*machine.pci));
  if (machine.mmio_windows) {
    const auto& [low, high] = *machine.mmio_windows;
    nodes.push_back(mmio_windows(
        low, high, machine.has_vmbus ? vmbus_on(machine.platform.vmbus_ppi) : Bytes{}));
  }
  if (machine.rtc) nodes.push_back(rtc(*machine.rtc));
  if (machine.power_button) nodes.push_back(power_button(*machine.power_button));
  nodes.push_back(socket(machine.processors.size()));
  return scope("_SB", nodes);
}

}  // namespace loader::acpi::arm64
