#include "loader/acpi/arm64/serial_console.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "loader/acpi/arm64/dsdt.hpp"
#include "loader/acpi/fadt.hpp"
#include "loader/acpi/table.hpp"

namespace loader::acpi::arm64 {
namespace {

using loader::arm64::SerialPort;

constexpr std::size_t header_bytes = 36;
constexpr std::uint16_t subtype_pl011 = 3;
constexpr std::uint32_t register_bytes = 0x1000;

struct [[gnu::packed]] Spcr {
  std::uint8_t interface_type = subtype_pl011;
  std::uint8_t reserved[3] = {};
  GenericAddress base;
  std::uint8_t interrupt_type = 1 << 3;  // the GIC
  std::uint8_t irq = 0;                  // a PC's
  std::uint32_t interrupt;
  std::uint8_t baud_rate = 7;  // 115200; 0, "as it is", is refused by kernels before 5.2
  std::uint8_t parity = 0;
  std::uint8_t stop_bits = 1;
  std::uint8_t flow_control = 0;
  std::uint8_t terminal_type = 3;  // ANSI
  std::uint8_t language = 0;
  std::uint16_t pci_device_id = 0xFFFF;  // not a PCI device
  std::uint16_t pci_vendor_id = 0xFFFF;
  std::uint8_t pci_bus = 0;
  std::uint8_t pci_device = 0;
  std::uint8_t pci_function = 0;
  std::uint32_t pci_flags = 0;
  std::uint8_t pci_segment = 0;
  std::uint32_t reserved2 = 0;
};
static_assert(offsetof(Spcr, base) == 40 - header_bytes);
static_assert(offsetof(Spcr, interrupt) == 54 - header_bytes);
static_assert(sizeof(Spcr) == 80 - header_bytes);

/// One device with one register range, and its name at the end.
struct [[gnu::packed]] Dbg2 {
  std::uint32_t devices_offset = 44;
  std::uint32_t devices_count = 1;
  std::uint8_t revision = 0;
  std::uint16_t length = sizeof(Dbg2) - 8;
  std::uint8_t address_count = 1;
  std::uint16_t name_bytes = sizeof name;
  std::uint16_t name_offset = offsetof(Dbg2, name) - 8;
  std::uint16_t oem_data_bytes = 0;
  std::uint16_t oem_data_offset = 0;
  std::uint16_t port_type = 0x8000;  // serial
  std::uint16_t port_subtype = subtype_pl011;
  std::uint16_t reserved = 0;
  std::uint16_t base_offset = offsetof(Dbg2, base) - 8;
  std::uint16_t size_offset = offsetof(Dbg2, size_bytes) - 8;
  GenericAddress base;
  std::uint32_t size_bytes = register_bytes;
  char name[sizeof first_serial_port_path];
};

/// A PL011's registers are words, and taken so.
GenericAddress registers(const SerialPort& port) {
  return {SystemMemory, 32, 0, DWordAccess, port.base.value};
}

}  // namespace

Bytes make_spcr(const SerialPort& port) {
  constexpr std::uint8_t revision = 2;
  return Table{"SPCR", revision}
      .append(Spcr{.base = registers(port), .interrupt = port.interrupt.value})
      .finish();
}

Bytes make_dbg2(const SerialPort& port) {
  constexpr std::uint8_t revision = 0;
  Dbg2 content{.base = registers(port), .name = {}};
  std::copy_n(first_serial_port_path, sizeof content.name, content.name);
  return Table{"DBG2", revision}.append(content).finish();
}

}  // namespace loader::acpi::arm64
