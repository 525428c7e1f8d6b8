#include "loader/acpi/arm64/topology.hpp"

#include <cstdint>

#include "loader/acpi/arm64/dsdt.hpp"
#include "loader/acpi/numa.hpp"
#include "loader/acpi/table.hpp"

namespace loader::acpi::arm64 {
namespace {

using loader::arm64::Machine;

struct [[gnu::packed]] GiccAffinity {
  std::uint8_t type = 3;
  std::uint8_t length = 18;
  std::uint32_t node;
  std::uint32_t uid;
  std::uint32_t flags = 1;  // enabled
  std::uint32_t clock_domain = 0;
};
static_assert(sizeof(GiccAffinity) == 18);

struct [[gnu::packed]] ProcessorNode {
  std::uint8_t type = 0;
  std::uint8_t length = 20;
  std::uint16_t reserved = 0;
  std::uint32_t flags;
  std::uint32_t parent = 0;  // from the table's start
  std::uint32_t uid = 0;
  std::uint32_t private_resources = 0;
};
static_assert(sizeof(ProcessorNode) == 20);

/// Table 5-156.
enum ProcessorFlag : std::uint32_t {
  PhysicalPackage = 1 << 0,
  UidValid = 1 << 1,
  Leaf = 1 << 3,
  IdenticalImplementation = 1 << 4,  // of all below
};

}  // namespace

Bytes make_srat(const Machine& machine) {
  Table srat = begin_srat();
  std::uint32_t uid = 0;
  for (const auto& processor : machine.processors) {
    srat.append(GiccAffinity{.node = processor.node, .uid = ++uid});
  }
  for (const auto& memory : machine.memory) {
    append_memory_affinity(srat, memory.range, memory.node);
  }
  return srat.finish();
}

Bytes make_pptt(const Machine& machine) {
  constexpr std::uint8_t revision = 2;
  constexpr std::uint32_t socket_offset = 36;  // right behind the header
  Table pptt{"PPTT", revision};
  pptt.append(ProcessorNode{.flags = PhysicalPackage | UidValid | IdenticalImplementation,
                            .uid = socket_uid});
  for (std::uint32_t uid = 1; uid <= machine.processors.size(); ++uid) {
    pptt.append(ProcessorNode{.flags = UidValid | Leaf, .parent = socket_offset, .uid = uid});
  }
  return pptt.finish();
}

}  // namespace loader::acpi::arm64
