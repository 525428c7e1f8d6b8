#include "loader/acpi/arm64/iort.hpp"

#include <cstddef>
#include <cstdint>

#include "loader/acpi/table.hpp"

namespace loader::acpi::arm64 {
namespace {

constexpr std::uint32_t header_bytes = 36;

struct [[gnu::packed]] Node {
  std::uint8_t type;
  std::uint16_t length;
  std::uint8_t revision;
  std::uint32_t id;
  std::uint32_t mapping_count = 0;
  std::uint32_t mapping_offset = 0;  // from the node's start
};
struct [[gnu::packed]] ItsGroup {
  Node node{.type = 0, .length = sizeof(ItsGroup), .revision = 0, .id = 0};
  std::uint32_t its_count = 1;
  std::uint32_t its_id = 0;  // as in the MADT
};
struct [[gnu::packed]] IdMapping {
  std::uint32_t first_input = 0;
  std::uint32_t count_less_one = 0xFFFF;
  std::uint32_t first_output = 0;
  std::uint32_t output_node;  // from the table's start
  std::uint32_t flags = 0;
};
struct [[gnu::packed]] RootComplex {
  Node node{.type = 2,
            .length = sizeof(RootComplex),
            .revision = 1,
            .id = 0,
            .mapping_count = 1,
            .mapping_offset = offsetof(RootComplex, mapping)};
  std::uint32_t cache_coherent = 1;
  std::uint8_t allocation_hints = 0;
  std::uint16_t reserved = 0;
  std::uint8_t memory_access_flags = 0b11;  // coherent paths, cacheable and shareable
  std::uint32_t ats = 0;
  std::uint32_t segment = 0;
  std::uint8_t address_bits = 64;
  std::uint8_t reserved2[3] = {};
  IdMapping mapping;
};
static_assert(sizeof(ItsGroup) == 24 && sizeof(RootComplex) == 56);

struct [[gnu::packed]] Iort {
  std::uint32_t node_count = 2;
  std::uint32_t node_offset = header_bytes + offsetof(Iort, its);
  std::uint32_t reserved = 0;
  ItsGroup its;
  RootComplex root{.mapping = {.output_node = header_bytes + offsetof(Iort, its)}};
};

}  // namespace

Bytes make_iort() {
  constexpr std::uint8_t revision = 0;
  return Table{"IORT", revision}.append(Iort{}).finish();
}

}  // namespace loader::acpi::arm64
