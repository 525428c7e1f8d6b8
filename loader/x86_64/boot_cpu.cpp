#include "loader/x86_64/boot_cpu.hpp"

#include "runtime/units.hpp"

namespace loader::x86_64 {
namespace {

using namespace runtime::literals;

// Descriptors (Intel SDM volume 3, 3.4.5) of base 0 and limit 4 GiB, present, ring 0, and marked
// accessed or busy so that the CPU has nothing to write back.
constexpr std::uint64_t code64 = 0x00AF'9B00'0000'FFFF;
constexpr std::uint64_t code32 = 0x00CF'9B00'0000'FFFF;
constexpr std::uint64_t data = 0x00CF'9300'0000'FFFF;
constexpr std::uint64_t task32 = 0x0000'8B00'0000'0067;  // limit: the 104 bytes of a 32-bit TSS

}  // namespace

Gdt boot_gdt(BootProtocol protocol) {
  switch (protocol) {
    case BootProtocol::Linux64:
      return {0, code64, data, 0};
    case BootProtocol::Pvh32:
      return {0, code32, data, task32};
  }
  return {};
}

std::vector<std::uint64_t> identity_page_tables(platform::AddressRange place) {
  constexpr std::size_t entries_per_table = 512;
  constexpr std::uint64_t table_bytes = entries_per_table * sizeof(std::uint64_t);
  constexpr std::size_t directories = 4;         // 1 GiB each
  constexpr std::uint64_t to_table = 0x23;       // present, writable, accessed
  constexpr std::uint64_t to_large_page = 0xE3;  // the same, dirty, 2 MiB
  const auto table = [&](std::size_t index) { return place.start.value + index * table_bytes; };

  std::vector<std::uint64_t> entries((2 + directories) * entries_per_table);
  entries[0] = table(1) | to_table;
  for (std::size_t index = 0; index < directories; ++index) {
    entries[entries_per_table + index] = table(2 + index) | to_table;
  }
  for (std::size_t page = 0; page < directories * entries_per_table; ++page) {
    entries[2 * entries_per_table + page] = page * 2_MiB | to_large_page;
  }
  return entries;
}

}  // namespace loader::x86_64
