// Which guest-physical memory the kernel may use: the e820 table, and PVH's table of the same
// shape.
//
// Spec: ACPI 6.5, 15.4 (types); Documentation/arch/x86/zero-page.rst.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "platform/address.hpp"

namespace loader::x86_64 {

enum class MemoryType : std::uint32_t { Ram = 1, Reserved = 2, AcpiTables = 3 };

struct MemoryMapEntry {
  platform::AddressRange range;
  MemoryType type;
  friend constexpr bool operator==(const MemoryMapEntry&, const MemoryMapEntry&) = default;
};

/// Tiles `ram` (ascending) with the tables below 1 MiB cut out of its first range, which starts
/// at 0; an empty table takes no entry. Throws LoadError if that range ends below 1 MiB.
/// `reserved`: what is not RAM, and is to be said to be taken. All entries ascend.
[[nodiscard]] std::vector<MemoryMapEntry> memory_map(
    std::span<const platform::AddressRange> ram, platform::AddressRange acpi_tables,
    platform::AddressRange smbios_tables, std::span<const platform::AddressRange> reserved = {});

}  // namespace loader::x86_64
