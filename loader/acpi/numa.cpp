#include "loader/acpi/numa.hpp"

#include <span>

#include "loader/image.hpp"

namespace loader::acpi {
namespace {

constexpr std::uint32_t enabled = 1;

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
static_assert(sizeof(MemoryAffinity) == 40);

std::vector<std::uint8_t> default_distances(std::uint32_t nodes) {
  constexpr std::uint8_t to_itself = 10;
  constexpr std::uint8_t to_others = 20;
  std::vector<std::uint8_t> distances(std::size_t{nodes} * nodes, to_others);
  for (std::size_t node = 0; node < nodes; ++node) distances[node * nodes + node] = to_itself;
  return distances;
}

}  // namespace

Table begin_srat() {
  constexpr std::uint8_t revision = 3;
  struct [[gnu::packed]] Reserved {
    std::uint32_t always_one = 1;
    std::uint64_t zero = 0;
  };
  Table table{"SRAT", revision};
  table.append(Reserved{});
  return table;
}

void append_memory_affinity(Table& srat, platform::AddressRange range, std::uint32_t node) {
  srat.append(
      MemoryAffinity{.node = node, .start = range.start.value, .size_bytes = range.size_bytes});
}

Bytes make_slit(std::uint32_t nodes, const std::vector<std::uint8_t>& distances) {
  constexpr std::uint8_t revision = 1;
  const std::uint64_t pairs = std::uint64_t{nodes} * nodes;
  if (!distances.empty() && distances.size() != pairs) {
    throw LoadError{"{} distances between {} NUMA nodes, expected {}", distances.size(), nodes,
                    pairs};
  }
  const auto matrix = distances.empty() ? default_distances(nodes) : distances;
  return Table{"SLIT", revision}
      .append(std::uint64_t{nodes})
      .append(std::as_bytes(std::span{matrix}))
      .finish();
}

}  // namespace loader::acpi
