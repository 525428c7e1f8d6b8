#include "loader/acpi/x86_64/madt.hpp"

#include <algorithm>
#include <cstdint>

#include "loader/acpi/table.hpp"

namespace loader::acpi::x86_64 {
namespace {

constexpr std::uint32_t local_apic_address = 0xFEE0'0000;
// What a local APIC's eight bits, and this structure's, can name; 0xFF stands for all.
constexpr std::uint32_t last_short_apic_id = 0xFE;
constexpr std::uint32_t last_short_uid = 0xFE;

struct [[gnu::packed]] ControllerAddress {
  std::uint32_t local_apic;
  std::uint32_t flags;
};
struct [[gnu::packed]] IoApicStructure {
  std::uint8_t type = 1;
  std::uint8_t length = 12;
  std::uint8_t id;
  std::uint8_t reserved = 0;
  std::uint32_t address;
  std::uint32_t first_gsi;
};
struct [[gnu::packed]] InterruptSourceOverride {
  std::uint8_t type = 2;
  std::uint8_t length = 10;
  std::uint8_t bus = 0;  // ISA
  std::uint8_t source;
  std::uint32_t gsi;
  std::uint16_t flags;
};
struct [[gnu::packed]] LocalApicNmi {
  std::uint8_t type = 4;
  std::uint8_t length = 6;
  std::uint8_t uid = 0xFF;  // all processors
  std::uint16_t flags = 0;
  std::uint8_t local_interrupt = 1;
};
struct [[gnu::packed]] LocalX2ApicNmi {
  std::uint8_t type = 10;
  std::uint8_t length = 12;
  std::uint16_t flags = 0;
  std::uint32_t uid = 0xFFFF'FFFF;  // all processors
  std::uint8_t local_interrupt = 1;
  std::uint8_t reserved[3] = {};
};
constexpr std::uint32_t enabled = 1;
struct [[gnu::packed]] LocalApic {
  std::uint8_t type = 0;
  std::uint8_t length = 8;
  std::uint8_t uid;
  std::uint8_t apic_id;
  std::uint32_t flags = enabled;
};
struct [[gnu::packed]] LocalX2Apic {
  std::uint8_t type = 9;
  std::uint8_t length = 16;
  std::uint16_t reserved = 0;
  std::uint32_t apic_id;
  std::uint32_t flags = enabled;
  std::uint32_t uid;
};
static_assert(sizeof(IoApicStructure) == 12 && sizeof(InterruptSourceOverride) == 10);
static_assert(sizeof(LocalApicNmi) == 6 && sizeof(LocalX2ApicNmi) == 12);
static_assert(sizeof(LocalApic) == 8 && sizeof(LocalX2Apic) == 16);

bool needs_x2apic(std::uint32_t apic_id, std::uint32_t uid) {
  return apic_id > last_short_apic_id || uid > last_short_uid;
}

/// Returns whether any processor took the long form.
bool append_processors(const Machine& machine, Table& table) {
  bool any_long = false;
  std::uint32_t uid = 0;
  for (const Processor& processor : machine.processors) {
    ++uid;
    if (needs_x2apic(processor.apic_id, uid)) {
      table.append(LocalX2Apic{.apic_id = processor.apic_id, .uid = uid});
      any_long = true;
    } else {
      table.append(LocalApic{.uid = static_cast<std::uint8_t>(uid),
                             .apic_id = static_cast<std::uint8_t>(processor.apic_id)});
    }
  }
  return any_long;
}

}  // namespace

Bytes make_madt(const Machine& machine) {
  constexpr std::uint8_t revision = 5;
  constexpr std::uint32_t pcat_compatible = 1;  // there are 8259s, to be masked
  constexpr std::uint16_t active_high_level = 0x000D;
  Table table{"APIC", revision};
  table.append(ControllerAddress{local_apic_address, machine.has_pic ? pcat_compatible : 0});
  table.append(IoApicStructure{.id = machine.io_apic.id,
                               .address = static_cast<std::uint32_t>(machine.io_apic.address.value),
                               .first_gsi = machine.io_apic.first_pin.value});
  const std::uint32_t sci = machine.power.interrupt.value;
  table.append(InterruptSourceOverride{
      .source = static_cast<std::uint8_t>(sci), .gsi = sci, .flags = active_high_level});
  table.append(LocalApicNmi{});
  if (append_processors(machine, table)) table.append(LocalX2ApicNmi{});
  return table.finish();
}

}  // namespace loader::acpi::x86_64
