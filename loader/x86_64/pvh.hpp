// hvm_start_info: what a PVH kernel finds behind EBX.
//
// Spec: xen/include/public/arch-x86/hvm/start_info.h, version 1; Xen docs/misc/pvh.pandoc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "loader/bytes.hpp"
#include "loader/x86_64/memory_map.hpp"
#include "platform/address.hpp"

namespace loader::x86_64 {

struct HvmStartInfo {
  std::uint32_t magic;  // "xEn3"
  std::uint32_t version;
  std::uint32_t flags;
  std::uint32_t module_count;
  std::uint64_t modules_address;
  std::uint64_t command_line_address;
  std::uint64_t rsdp_address;
  std::uint64_t memory_map_address;
  std::uint32_t memory_map_count;
  std::uint32_t reserved;
};
struct HvmModule {
  std::uint64_t address;
  std::uint64_t size_bytes;
  std::uint64_t command_line_address;
  std::uint64_t reserved;
};
struct HvmMemoryMapEntry {
  std::uint64_t start;
  std::uint64_t size_bytes;
  std::uint32_t type;
  std::uint32_t reserved;
};
static_assert(sizeof(HvmStartInfo) == 56 && offsetof(HvmStartInfo, memory_map_count) == 48);
static_assert(sizeof(HvmModule) == 32 && sizeof(HvmMemoryMapEntry) == 24);

/// The structure and behind it the module list and the memory map, as they lie at `place`.
/// Throws LoadError if they do not fit there.
[[nodiscard]] Bytes make_hvm_start_info(platform::AddressRange place,
                                        std::optional<platform::AddressRange> initrd,
                                        std::span<const MemoryMapEntry> memory_map);

}  // namespace loader::x86_64
