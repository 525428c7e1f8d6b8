#include "loader/arm64/memory_map.hpp"

#include <algorithm>

#include "loader/image.hpp"
#include "runtime/units.hpp"

namespace loader::arm64 {
namespace {

using platform::AddressRange;
using platform::GuestAddress;
using namespace runtime::literals;

struct EfiMemoryDescriptor {
  std::uint32_t type;
  std::uint32_t padding = 0;
  std::uint64_t physical_start;
  std::uint64_t virtual_start = 0;
  std::uint64_t page_count;
  std::uint64_t attributes;
};
static_assert(sizeof(EfiMemoryDescriptor) == memory_descriptor_bytes);

AddressRange whole_granules(AddressRange range) {
  const std::uint64_t start = runtime::align_up(range.start.value, memory_granularity);
  const std::uint64_t end = runtime::align_down(range.end().value, memory_granularity);
  return {{start}, end > start ? end - start : 0};
}

}  // namespace

std::vector<MemoryMapEntry> memory_map(std::span<const AddressRange> ram, AddressRange tables) {
  const bool in_ram = std::ranges::any_of(
      ram, [&](AddressRange range) { return whole_granules(range).contains(tables); });
  if (!in_ram && tables.size_bytes > 0) {
    throw LoadError{"the tables take RAM up to {:#x}, which is not there: more memory is needed",
                    tables.end().value - 1};
  }
  std::vector<MemoryMapEntry> map;
  const auto add = [&map](GuestAddress start, GuestAddress end, MemoryType type) {
    if (end > start) map.push_back({{start, end - start}, type});
  };
  for (const AddressRange whole : ram) {
    const AddressRange range = whole_granules(whole);
    if (!range.contains(tables)) {
      add(range.start, range.end(), MemoryType::Conventional);
      continue;
    }
    add(range.start, tables.start, MemoryType::Conventional);
    add(tables.start, tables.end(), MemoryType::AcpiReclaim);
    add(tables.end(), range.end(), MemoryType::Conventional);
  }
  return map;
}

Bytes memory_descriptors(std::span<const MemoryMapEntry> map) {
  constexpr std::uint64_t write_back = 1 << 3;
  Bytes bytes;
  for (const MemoryMapEntry& entry : map) {
    append(bytes, EfiMemoryDescriptor{.type = static_cast<std::uint32_t>(entry.type),
                                      .physical_start = entry.range.start.value,
                                      .page_count = entry.range.size_bytes / 4_KiB,
                                      .attributes = write_back});
  }
  return bytes;
}

}  // namespace loader::arm64
