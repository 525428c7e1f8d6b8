#include "loader/x86_64/boot_cpu.hpp"

#include <span>

#include "loader/placement.hpp"
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

void put_identity_page_tables(platform::GuestAddress place, platform::GuestMemory& ram) {
  constexpr std::size_t entries_per_table = 512;
  constexpr std::size_t directories = 4;         // 1 GiB each
  constexpr std::uint64_t to_table = 0x23;       // present, writable, accessed
  constexpr std::uint64_t to_large_page = 0xE3;  // the same, dirty, 2 MiB
  using Table = std::array<std::uint64_t, entries_per_table>;
  const auto address = [&](std::size_t index) { return place + index * sizeof(Table); };
  const auto put_table = [&](std::size_t index, const Table& table) {
    put(ram, address(index), std::as_bytes(std::span{table}), "page tables");
  };

  put_table(0, {address(1).value | to_table});
  Table directory_pointers{};
  for (std::size_t index = 0; index < directories; ++index) {
    directory_pointers[index] = address(2 + index).value | to_table;
    Table directory;
    for (std::size_t page = 0; page < entries_per_table; ++page) {
      directory[page] = (index * entries_per_table + page) * 2_MiB | to_large_page;
    }
    put_table(2 + index, directory);
  }
  put_table(1, directory_pointers);
}

}  // namespace loader::x86_64
