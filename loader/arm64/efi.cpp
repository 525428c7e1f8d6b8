#include "loader/arm64/efi.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace loader::arm64 {
namespace {

using platform::GuestAddress;

struct EfiSystemTable {
  std::uint64_t signature = 0x5453'5953'2049'4249;  // "IBI SYST"
  std::uint32_t revision = 2 << 16 | 100;           // 2.10
  std::uint32_t header_bytes = sizeof(EfiSystemTable);
  std::uint32_t crc32 = 0;
  std::uint32_t reserved = 0;
  std::uint64_t firmware_vendor;
  std::uint32_t firmware_revision = 1;
  std::uint32_t padding = 0;
  std::uint64_t console_handles_and_protocols[6] = {};
  std::uint64_t runtime_services = 0;
  std::uint64_t boot_services = 0;
  std::uint64_t table_count;
  std::uint64_t configuration_tables;
};
static_assert(offsetof(EfiSystemTable, runtime_services) == 88);
static_assert(sizeof(EfiSystemTable) == 120);

/// As it is stored: the first three groups are numbers.
struct Guid {
  std::uint32_t data1;
  std::uint16_t data2;
  std::uint16_t data3;
  std::uint8_t data4[8];
};
constexpr Guid acpi_20{
    0x8868'E871, 0xE4F1, 0x11D3, {0xBC, 0x22, 0x00, 0x80, 0xC7, 0x3C, 0x88, 0x81}};
constexpr Guid smbios_3{
    0xF2FD'1544, 0x9794, 0x4A2C, {0x99, 0x2E, 0xE5, 0xBB, 0xCF, 0x20, 0xE3, 0x94}};
constexpr Guid runtime_properties{
    0xEB66'918A, 0x7EEF, 0x402A, {0x84, 0x2E, 0x93, 0x1D, 0x21, 0xC3, 0x8A, 0xE9}};
constexpr Guid linux_memory_reservations{
    0x888E'B0C6, 0x8EDE, 0x4FF5, {0xA8, 0xF0, 0x9A, 0xEE, 0x5C, 0xB9, 0x77, 0xC2}};

struct ConfigurationTable {
  Guid guid;
  std::uint64_t table;
};
static_assert(sizeof(ConfigurationTable) == 24);

/// 4.6.2. Linux calls whatever this table does not deny, through a pointer that is null.
struct RuntimeProperties {
  std::uint16_t version = 1;
  std::uint16_t length = sizeof(RuntimeProperties);
  std::uint32_t supported_services = 0;
};

/// struct linux_efi_memreserve, without an entry and with no room for one.
struct MemoryReservations {
  std::int32_t size = 0;
  std::int32_t count = 0;
  std::uint64_t next = 0;
};

constexpr std::u16string_view firmware_vendor{u"Mayfly\0", 7};

/// Everything behind the system table and the configuration tables.
struct Rest {
  RuntimeProperties runtime_properties;
  MemoryReservations memory_reservations;
  char16_t vendor[firmware_vendor.size()] = {};
};

/// The one of zlib and Ethernet (4.2).
std::uint32_t crc32(std::span<const std::byte> bytes) {
  std::uint32_t remainder = ~std::uint32_t{0};
  for (const std::byte byte : bytes) {
    remainder ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      remainder = remainder >> 1 ^ ((remainder & 1) != 0 ? 0xEDB8'8320 : 0);
    }
  }
  return ~remainder;
}

}  // namespace

Bytes make_efi_tables(const EfiTables& tables, GuestAddress place) {
  const std::uint64_t entries_at = place.value + sizeof(EfiSystemTable);
  const std::size_t entry_count = tables.has_memory_reservations ? 4 : 3;
  const std::uint64_t rest_at = entries_at + entry_count * sizeof(ConfigurationTable);
  std::vector<ConfigurationTable> entries{
      {acpi_20, tables.rsdp.value},
      {smbios_3, tables.smbios_entry_point.value},
      {runtime_properties, rest_at + offsetof(Rest, runtime_properties)}};
  if (tables.has_memory_reservations) {
    entries.push_back({linux_memory_reservations, rest_at + offsetof(Rest, memory_reservations)});
  }
  EfiSystemTable system{.firmware_vendor = rest_at + offsetof(Rest, vendor),
                        .table_count = entry_count,
                        .configuration_tables = entries_at};
  system.crc32 = crc32(std::as_bytes(std::span{&system, 1}));
  Rest rest{};
  firmware_vendor.copy(rest.vendor, firmware_vendor.size());
  Bytes bytes;
  append(bytes, system);
  append(bytes, std::as_bytes(std::span{entries}));
  append(bytes, rest);
  return bytes;
}

}  // namespace loader::arm64
