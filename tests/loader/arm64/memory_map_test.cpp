#include "loader/arm64/memory_map.hpp"

#include "tests/loader/guest_ram.hpp"

using loader::arm64::memory_map;
using loader::arm64::MemoryMapEntry;
using loader::arm64::MemoryType;
using Map = std::vector<MemoryMapEntry>;

TEST_CASE("arm64 memory map: tiles RAM exactly, in order", "[loader][arm64]") {
  const std::vector<AddressRange> ram{{{1_GiB}, 2_GiB}, {{4_GiB}, 2_GiB}, {{8_GiB}, 1_GiB}};
  CHECK(memory_map(ram, {{1_GiB + 34_MiB}, 128_KiB}) ==
        Map{{{{1_GiB}, 34_MiB}, MemoryType::Conventional},
            {{{1_GiB + 34_MiB}, 128_KiB}, MemoryType::AcpiReclaim},
            {{{1_GiB + 34_MiB + 128_KiB}, 2_GiB - 34_MiB - 128_KiB}, MemoryType::Conventional},
            {{{4_GiB}, 2_GiB}, MemoryType::Conventional},
            {{{8_GiB}, 1_GiB}, MemoryType::Conventional}});
}

TEST_CASE("arm64 memory map: what is empty takes no entry", "[loader][arm64]") {
  const std::vector<AddressRange> ram{{{0}, 64_MiB}};
  CHECK(memory_map(ram, {}) == Map{{{{0}, 64_MiB}, MemoryType::Conventional}});
  CHECK(memory_map(ram, {{0}, 64_KiB}) ==
        Map{{{{0}, 64_KiB}, MemoryType::AcpiReclaim},
            {{{64_KiB}, 64_MiB - 64_KiB}, MemoryType::Conventional}});
  CHECK(memory_map(ram, {{64_MiB - 64_KiB}, 64_KiB}).size() == 2);
  CHECK(memory_map({}, {}).empty());
}

TEST_CASE("arm64 memory map: RAM that is no whole 64 KiB is left out", "[loader][arm64]") {
  const std::vector<AddressRange> ram{{{1_GiB + 4_KiB}, 64_MiB}, {{4_GiB + 4_KiB}, 64_KiB}};
  CHECK(memory_map(ram, {}) ==
        Map{{{{1_GiB + 64_KiB}, 64_MiB - 64_KiB}, MemoryType::Conventional}});
}

TEST_CASE("arm64 memory map: tables that are not in RAM are refused", "[loader][arm64]") {
  const std::vector<AddressRange> ram{{{1_GiB}, 64_MiB + 4_KiB}};
  CHECK_THROWS_AS(memory_map(ram, {{1_GiB + 64_MiB}, 4_KiB}), loader::LoadError);
  CHECK_THROWS_AS(memory_map({}, {{0}, 64_KiB}), loader::LoadError);
}

TEST_CASE("arm64 memory map: EFI's descriptors have 40 bytes", "[loader][arm64]") {
  const Map map{{{{1_GiB}, 64_KiB}, MemoryType::Conventional},
                {{{4_GiB}, 1_GiB}, MemoryType::AcpiReclaim}};
  const Bytes bytes = loader::arm64::memory_descriptors(map);
  REQUIRE(bytes.size() == 80);
  std::array<std::uint64_t, 10> words;
  std::memcpy(words.data(), bytes.data(), bytes.size());
  CHECK(words == std::array<std::uint64_t, 10>{7, 1_GiB, 0, 16, 8, 9, 4_GiB, 0, 0x4'0000, 8});
}
