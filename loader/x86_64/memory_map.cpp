#include "loader/x86_64/memory_map.hpp"

#include <algorithm>

#include "loader/image.hpp"
#include "loader/x86_64/low_memory.hpp"
#include "runtime/units.hpp"

namespace loader::x86_64 {
namespace {

using platform::AddressRange;
using platform::GuestAddress;
using namespace runtime::literals;

AddressRange between(GuestAddress start, GuestAddress end) {
  return {start, end - start};
}

AddressRange whole_pages(AddressRange range) {
  return {range.start, runtime::align_up(range.size_bytes, 4_KiB)};
}

}  // namespace

std::vector<MemoryMapEntry> memory_map(std::span<const AddressRange> ram, AddressRange acpi_tables,
                                       AddressRange smbios_tables,
                                       std::span<const AddressRange> reserved) {
  if (ram.empty() || ram.front().start != GuestAddress{0} || ram.front().end() <= low_memory::end) {
    throw LoadError{"RAM must begin at 0 and go on beyond {:#x}", low_memory::end.value};
  }
  const AddressRange acpi = whole_pages(acpi_tables);
  const AddressRange smbios = whole_pages(smbios_tables);
  std::vector<MemoryMapEntry> map;
  const auto add = [&map](AddressRange range, MemoryType type) {
    if (range.size_bytes > 0) map.push_back({range, type});
  };
  add(between({0}, acpi.start), MemoryType::Ram);
  add(acpi, MemoryType::AcpiTables);
  add(smbios, MemoryType::Reserved);
  add(between(smbios.end(), low_memory::bios_area.start), MemoryType::Ram);
  add(low_memory::bios_area, MemoryType::Reserved);
  add(between(low_memory::end, ram.front().end()), MemoryType::Ram);
  for (const AddressRange range : ram.subspan(1)) add(range, MemoryType::Ram);
  for (const AddressRange range : reserved) add(range, MemoryType::Reserved);
  std::ranges::sort(map, {}, [](const MemoryMapEntry& entry) { return entry.range.start; });
  return map;
}

}  // namespace loader::x86_64
