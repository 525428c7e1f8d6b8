#include "loader/x86_64/boot_cpu.hpp"

#include "tests/loader/guest_ram.hpp"

TEST_CASE("Page tables: map the first 4 GiB to themselves", "[loader]") {
  const std::uint64_t place = 0x4000;
  auto ram = make_ram();
  loader::x86_64::put_identity_page_tables({place}, ram);
  std::array<std::uint64_t, 6 * 512> entries;
  REQUIRE(ram.read({place}, std::as_writable_bytes(std::span{entries})));
  // As a CPU walks them.
  const auto table_at = [&](std::uint64_t entry) {
    CHECK((entry & 0xFFF) == 0x23);
    return ((entry & ~std::uint64_t{0xFFF}) - place) / 8;
  };
  for (std::uint64_t address = 0; address < 4_GiB; address += 2_MiB) {
    const std::uint64_t directory_pointers = table_at(entries[0]);
    const std::uint64_t directory = table_at(entries[directory_pointers + address / 1_GiB]);
    REQUIRE(entries[directory + address / 2_MiB % 512] == (address | 0xE3));
  }
  CHECK(entries[1] == 0);
  CHECK(entries[512 + 4] == 0);
  CHECK(all_zero(ram, place + sizeof entries, 1_MiB));
}

TEST_CASE("GDT: flat segments at the selectors the registers have", "[loader]") {
  CHECK(loader::x86_64::boot_gdt(loader::x86_64::BootProtocol::Linux64) ==
        loader::x86_64::Gdt{0, 0x00AF'9B00'0000'FFFF, 0x00CF'9300'0000'FFFF, 0});
  CHECK(
      loader::x86_64::boot_gdt(loader::x86_64::BootProtocol::Pvh32) ==
      loader::x86_64::Gdt{0, 0x00CF'9B00'0000'FFFF, 0x00CF'9300'0000'FFFF, 0x0000'8B00'0000'0067});
}
