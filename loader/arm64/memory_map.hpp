// Which guest-physical memory the kernel may use, as EFI describes it.
//
// Spec: UEFI 2.10, 7.2.3 (EFI_MEMORY_DESCRIPTOR), 2.3.6 (AArch64: granularity).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "loader/bytes.hpp"
#include "platform/address.hpp"

namespace loader::arm64 {

enum class MemoryType : std::uint32_t {
  Conventional = 7,
  AcpiReclaim = 9,  // Linux keeps it as it is, for itself and for a kernel it hands over to
};

struct MemoryMapEntry {
  platform::AddressRange range;
  MemoryType type;
  friend constexpr bool operator==(const MemoryMapEntry&, const MemoryMapEntry&) = default;
};

/// What a kernel with pages of 64 KiB can tell apart; ranges begin and end on such boundaries.
inline constexpr std::uint64_t memory_granularity = 0x1'0000;

/// Tiles `ram` (ascending) with `tables` cut out of the range that has them; an empty range takes
/// no entry. What of RAM is no whole granule is left out. Throws LoadError if `tables` is not in
/// RAM.
[[nodiscard]] std::vector<MemoryMapEntry> memory_map(std::span<const platform::AddressRange> ram,
                                                     platform::AddressRange tables);

inline constexpr std::uint32_t memory_descriptor_bytes = 40;
inline constexpr std::uint32_t memory_descriptor_version = 1;

/// One descriptor for each entry: write-back memory, without a virtual address.
[[nodiscard]] Bytes memory_descriptors(std::span<const MemoryMapEntry> map);

}  // namespace loader::arm64
