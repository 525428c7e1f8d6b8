#include "loader/x86_64/memory_map.hpp"

#include "tests/loader/guest_ram.hpp"

using loader::x86_64::memory_map;
using loader::x86_64::MemoryMapEntry;
using loader::x86_64::MemoryType;
using Map = std::vector<MemoryMapEntry>;

TEST_CASE("Memory map: tiles the first stretch of RAM exactly", "[loader]") {
  const std::vector<AddressRange> ram{{{0}, 512_MiB}};
  const auto map = memory_map(ram, {{0x1'9000}, 0x1234}, {{0x1'B000}, 0x80});
  CHECK(map == Map{{{{0}, 0x1'9000}, MemoryType::Ram},
                   {{{0x1'9000}, 0x2000}, MemoryType::AcpiTables},
                   {{{0x1'B000}, 0x1000}, MemoryType::Reserved},
                   {{{0x1'C000}, 0xE'0000 - 0x1'C000}, MemoryType::Ram},
                   {{{0xE'0000}, 0x2'0000}, MemoryType::Reserved},
                   {{{1_MiB}, 511_MiB}, MemoryType::Ram}});
}

TEST_CASE("Memory map: an empty table takes no entry", "[loader]") {
  const std::vector<AddressRange> ram{{{0}, 512_MiB}};
  const auto map = memory_map(ram, {{0x1'9000}, 0x1000}, {{0x1'A000}, 0});
  CHECK(map.size() == 5);
  CHECK(map[2] == MemoryMapEntry{{{0x1'A000}, 0xE'0000 - 0x1'A000}, MemoryType::Ram});
}

TEST_CASE("Memory map: further stretches of RAM follow", "[loader]") {
  const std::vector<AddressRange> ram{{{0}, 3_GiB}, {{4_GiB}, 2_GiB}, {{8_GiB}, 1_GiB}};
  const auto map = memory_map(ram, {{0x1'9000}, 1}, {{0x1'A000}, 1});
  REQUIRE(map.size() == 8);
  CHECK(map[6] == MemoryMapEntry{{{4_GiB}, 2_GiB}, MemoryType::Ram});
  CHECK(map[7] == MemoryMapEntry{{{8_GiB}, 1_GiB}, MemoryType::Ram});
}

TEST_CASE("Memory map: what is reserved beside RAM has its place among it", "[loader]") {
  const std::vector<AddressRange> ram{{{0}, 3_GiB}, {{4_GiB}, 2_GiB}};
  const std::vector<AddressRange> ecam{{{0xE000'0000}, 1_MiB}};
  const auto map = memory_map(ram, {{0x1'9000}, 1}, {{0x1'A000}, 1}, ecam);
  REQUIRE(map.size() == 8);
  CHECK(map[6] == MemoryMapEntry{{{0xE000'0000}, 1_MiB}, MemoryType::Reserved});
  CHECK(map[7] == MemoryMapEntry{{{4_GiB}, 2_GiB}, MemoryType::Ram});
}

TEST_CASE("Memory map: RAM must begin at 0 and reach beyond 1 MiB", "[loader]") {
  for (const AddressRange first : {AddressRange{{0}, 1_MiB}, AddressRange{{4096}, 64_MiB}}) {
    const std::vector<AddressRange> ram{first};
    CHECK_THROWS_AS(memory_map(ram, {{0x1'9000}, 1}, {{0x1'A000}, 1}), loader::LoadError);
  }
  CHECK_THROWS_AS(memory_map({}, {{0x1'9000}, 1}, {{0x1'A000}, 1}), loader::LoadError);
}
