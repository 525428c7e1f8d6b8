#include "loader/acpi/x86_64/numa.hpp"

#include <algorithm>

#include "loader/acpi/numa.hpp"
#include "loader/acpi/table.hpp"

namespace loader::acpi::x86_64 {
namespace {

constexpr std::uint32_t enabled = 1;
constexpr std::uint32_t last_short_apic_id = 0xFE;

struct [[gnu::packed]] LocalApicAffinity {
  std::uint8_t type = 0;
  std::uint8_t length = 16;
  std::uint8_t node_low;
  std::uint8_t apic_id;
  std::uint32_t flags = enabled;
  std::uint8_t sapic_eid = 0;
  std::uint8_t node_high[3];
  std::uint32_t clock_domain = 0;
};
struct [[gnu::packed]] LocalX2ApicAffinity {
  std::uint8_t type = 2;
  std::uint8_t length = 24;
  std::uint16_t reserved = 0;
  std::uint32_t node;
  std::uint32_t apic_id;
  std::uint32_t flags = enabled;
  std::uint32_t clock_domain = 0;
  std::uint32_t reserved2 = 0;
};
static_assert(sizeof(LocalApicAffinity) == 16 && sizeof(LocalX2ApicAffinity) == 24);

std::uint8_t byte_of(std::uint32_t value, unsigned index) {
  return static_cast<std::uint8_t>(value >> (8 * index));
}

void append_processor(const Processor& processor, Table& table) {
  const std::uint32_t node = processor.node;
  if (processor.apic_id > last_short_apic_id) {
    table.append(LocalX2ApicAffinity{.node = node, .apic_id = processor.apic_id});
    return;
  }
  table.append(
      LocalApicAffinity{.node_low = byte_of(node, 0),
                        .apic_id = static_cast<std::uint8_t>(processor.apic_id),
                        .node_high = {byte_of(node, 1), byte_of(node, 2), byte_of(node, 3)}});
}

}  // namespace

std::uint32_t node_count(const Machine& machine) {
  std::uint32_t last = 0;
  for (const Processor& processor : machine.processors) last = std::max(last, processor.node);
  for (const Memory& memory : machine.memory) last = std::max(last, memory.node);
  return last + 1;
}

Bytes make_srat(const Machine& machine) {
  Table table = begin_srat();
  for (const Processor& processor : machine.processors) append_processor(processor, table);
  for (const Memory& memory : machine.memory) {
    append_memory_affinity(table, memory.range, memory.node);
  }
  return table.finish();
}

Bytes make_slit(const Machine& machine) {
  return acpi::make_slit(node_count(machine), machine.node_distances);
}

}  // namespace loader::acpi::x86_64
