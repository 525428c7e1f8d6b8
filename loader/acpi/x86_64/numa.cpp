#include "loader/acpi/x86_64/numa.hpp"

#include <algorithm>

#include "loader/acpi/table.hpp"
#include "loader/image.hpp"

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
struct [[gnu::packed]] MemoryAffinity {
  std::uint8_t type = 1;
  std::uint8_t length = 40;
  std::uint32_t node;
  std::uint16_t reserved = 0;
  std::uint64_t start;
  std::uint64_t size_bytes;
  std::uint32_t reserved2 = 0;
  std::uint32_t flags = enabled;
  std::uint64_t reserved3 = 0;
};
static_assert(sizeof(LocalApicAffinity) == 16 && sizeof(LocalX2ApicAffinity) == 24);
static_assert(sizeof(MemoryAffinity) == 40);

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

std::vector<std::uint8_t> default_distances(std::uint32_t nodes) {
  constexpr std::uint8_t to_itself = 10;
  constexpr std::uint8_t to_others = 20;
  std::vector<std::uint8_t> distances(std::size_t{nodes} * nodes, to_others);
  for (std::size_t node = 0; node < nodes; ++node) distances[node * nodes + node] = to_itself;
  return distances;
}

}  // namespace

std::uint32_t node_count(const Machine& machine) {
  std::uint32_t last = 0;
  for (const Processor& processor : machine.processors) last = std::max(last, processor.node);
  for (const Memory& memory : machine.memory) last = std::max(last, memory.node);
  return last + 1;
}

Bytes make_srat(const Machine& machine) {
  constexpr std::uint8_t revision = 3;
  struct [[gnu::packed]] Reserved {
    std::uint32_t always_one = 1;
    std::uint64_t zero = 0;
  };
  Table table{"SRAT", revision};
  table.append(Reserved{});
  for (const Processor& processor : machine.processors) append_processor(processor, table);
  for (const Memory& memory : machine.memory) {
    table.append(MemoryAffinity{.node = memory.node,
                                .start = memory.range.start.value,
                                .size_bytes = memory.range.size_bytes});
  }
  return table.finish();
}

Bytes make_slit(const Machine& machine) {
  constexpr std::uint8_t revision = 1;
  const std::uint64_t nodes = node_count(machine);
  const auto distances = machine.node_distances.empty()
                             ? default_distances(static_cast<std::uint32_t>(nodes))
                             : machine.node_distances;
  if (distances.size() != nodes * nodes) {
    throw LoadError{"{} distances between {} NUMA nodes, expected {}", distances.size(), nodes,
                    nodes * nodes};
  }
  return Table{"SLIT", revision}.append(nodes).append(std::as_bytes(std::span{distances})).finish();
}

}  // namespace loader::acpi::x86_64
