#include "loader/x86_64/pvh.hpp"

#include "loader/image.hpp"
#include "loader/x86_64/low_memory.hpp"

namespace loader::x86_64 {
namespace {

constexpr std::uint32_t start_info_magic = 0x336EC578;

}  // namespace

Bytes make_hvm_start_info(platform::AddressRange place,
                          std::optional<platform::AddressRange> initrd,
                          std::span<const MemoryMapEntry> memory_map) {
  const std::uint64_t modules = place.start.value + sizeof(HvmStartInfo);
  const std::uint64_t entries = modules + (initrd ? sizeof(HvmModule) : 0);
  Bytes bytes;
  append(bytes, HvmStartInfo{.magic = start_info_magic,
                             .version = 1,
                             .flags = 0,
                             .module_count = initrd ? 1u : 0u,
                             .modules_address = initrd ? modules : 0,
                             .command_line_address = low_memory::command_line.start.value,
                             .rsdp_address = low_memory::rsdp.start.value,
                             .memory_map_address = entries,
                             .memory_map_count = static_cast<std::uint32_t>(memory_map.size()),
                             .reserved = 0});
  if (initrd) append(bytes, HvmModule{initrd->start.value, initrd->size_bytes, 0, 0});
  for (const MemoryMapEntry& entry : memory_map) {
    append(bytes, HvmMemoryMapEntry{entry.range.start.value, entry.range.size_bytes,
                                    static_cast<std::uint32_t>(entry.type), 0});
  }
  if (bytes.size() > place.size_bytes) {
    throw LoadError{"PVH start information of {} bytes, expected at most {}", bytes.size(),
                    place.size_bytes};
  }
  return bytes;
}

}  // namespace loader::x86_64
