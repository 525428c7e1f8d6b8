// The zero page: what a 64-bit kernel finds behind RSI.
//
// Spec: Documentation/arch/x86/zero-page.rst.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "loader/x86_64/kernel.hpp"
#include "loader/x86_64/memory_map.hpp"
#include "loader/x86_64/setup_header.hpp"
#include "platform/address.hpp"

namespace loader::x86_64 {

struct [[gnu::packed]] E820Entry {
  std::uint64_t start;
  std::uint64_t size_bytes;
  std::uint32_t type;
};

/// Only the fields we set have names.
struct [[gnu::packed]] BootParams {
  std::array<std::byte, 0x070> screen_and_apm;
  std::uint64_t acpi_rsdp_addr;
  std::array<std::byte, 0x0C0 - 0x078> until_ext_ramdisk;
  std::uint32_t ext_ramdisk_image;
  std::uint32_t ext_ramdisk_size;
  std::uint32_t ext_cmd_line_ptr;
  std::array<std::byte, 0x1E8 - 0x0CC> until_e820_entries;
  std::uint8_t e820_entries;
  std::array<std::byte, 0x1F1 - 0x1E9> until_setup_header;
  SetupHeader header;
  std::array<std::byte, 0x2D0 - 0x1F1 - sizeof(SetupHeader)> until_e820_table;
  std::array<E820Entry, 128> e820_table;
  std::array<std::byte, 0x1000 - 0xCD0> until_end;
};
static_assert(sizeof(E820Entry) == 20);
static_assert(offsetof(BootParams, acpi_rsdp_addr) == 0x070);
static_assert(offsetof(BootParams, ext_ramdisk_image) == 0x0C0);
static_assert(offsetof(BootParams, ext_cmd_line_ptr) == 0x0C8);
static_assert(offsetof(BootParams, e820_entries) == 0x1E8);
static_assert(offsetof(BootParams, header) == 0x1F1);
static_assert(offsetof(BootParams, e820_table) == 0x2D0);
static_assert(sizeof(BootParams) == 4096);

/// Throws LoadError if the map has more than 128 entries.
[[nodiscard]] BootParams make_boot_params(const LoadedKernel& kernel,
                                          std::optional<platform::AddressRange> initrd,
                                          std::span<const MemoryMapEntry> memory_map);

}  // namespace loader::x86_64
