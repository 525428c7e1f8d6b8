#include "loader/x86_64/mtrr.hpp"

#include <algorithm>

#include "tests/loader/guest_ram.hpp"

using loader::x86_64::MsrValue;
using loader::x86_64::MtrrLayout;

namespace {

constexpr AddressRange low_mmio{{3_GiB}, 1_GiB};

/// The variable registers: bases and masks in turn.
std::vector<std::uint64_t> variable(const MtrrLayout& layout) {
  std::vector<std::uint64_t> values;
  std::uint32_t next = 0x200;
  for (const MsrValue msr : loader::x86_64::mtrrs(layout)) {
    if (msr.index < 0x200 || msr.index >= 0x250) continue;
    CHECK(msr.index == next++);
    values.push_back(msr.value);
  }
  return values;
}

using Values = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("MTRR: RAM of 128 MiB takes one pair", "[loader]") {
  CHECK(variable({.ram_end = {128_MiB}, .low_mmio = low_mmio}) == Values{0x6, 0xF'F800'0800});
  CHECK(variable({.ram_end = {64_MiB}, .low_mmio = low_mmio}) == Values{0x6, 0xF'F800'0800});
}

TEST_CASE("MTRR: RAM below the gap takes two, as /proc/mtrr shows: 128 MB and 4096 MB",
          "[loader]") {
  const Values expected{0x6, 0xF'F800'0800, 0x800'0006, 0xF'0000'0800};
  CHECK(variable({.ram_end = {256_MiB}, .low_mmio = low_mmio}) == expected);
  CHECK(variable({.ram_end = {2_GiB}, .low_mmio = low_mmio}) == expected);
  CHECK(variable({.ram_end = {3_GiB}, .low_mmio = low_mmio}) == expected);
  CHECK(variable({.ram_end = {2_GiB}, .low_mmio = {{0xF800'0000}, 128_MiB}}) == expected);
}

TEST_CASE("MTRR: RAM above 4 GiB takes a third", "[loader]") {
  CHECK(variable({.ram_end = {9_GiB}, .low_mmio = low_mmio}) ==
        Values{0x6, 0xF'F800'0800, 0x800'0006, 0xF'0000'0800, 0x1'0000'0006, 0xC'0000'0800});
  CHECK(variable({.ram_end = {9_TiB}, .low_mmio = low_mmio, .physical_address_bits = 46}) ==
        Values{0x6, 0x3FFF'F800'0800, 0x800'0006, 0x3FFF'0000'0800, 0x1'0000'0006, 0x3800'0000'0800,
               0x800'0000'0006, 0x3000'0000'0800});
}

TEST_CASE("MTRR: a window above RAM bounds the third, one within it adds a fourth", "[loader]") {
  const AddressRange window{{0xF'E000'0000}, 0x2000'0000};
  CHECK(variable({.ram_end = {9_GiB}, .low_mmio = low_mmio, .high_mmio = window}) ==
        Values{0x6, 0xF'F800'0800, 0x800'0006, 0xF'0000'0800, 0x1'0000'0006, 0x800});
  CHECK(variable({.ram_end = {100_GiB},
                  .low_mmio = low_mmio,
                  .high_mmio = window,
                  .physical_address_bits = 46}) ==
        Values{0x6, 0x3FFF'F800'0800, 0x800'0006, 0x3FFF'0000'0800, 0x1'0000'0006, 0x3FF0'0000'0800,
               0x10'0000'0006, 0x3800'0000'0800, 0x800'0000'0006, 0x800});
}

TEST_CASE("MTRR: masks cover the physical addresses of the CPU, from 36 to 52 bits", "[loader]") {
  const auto mask = [](unsigned bits) {
    return variable({.ram_end = {1_GiB}, .low_mmio = low_mmio, .physical_address_bits = bits})[1];
  };
  CHECK(mask(40) == 0xFF'F800'0800);
  CHECK(mask(32) == mask(36));
  CHECK(mask(52) == 0xF'FFFF'F800'0800);
  CHECK(mask(64) == mask(52));
  CHECK((mask(40) & 0x800) != 0);  // valid
}

TEST_CASE("MTRR: 640 KiB of write-back and then uncached, and on they go at last", "[loader]") {
  const auto msrs = loader::x86_64::mtrrs({.ram_end = {1_GiB}, .low_mmio = low_mmio});
  std::vector<MsrValue> fixed;
  std::ranges::copy_if(msrs, std::back_inserter(fixed),
                       [](MsrValue msr) { return msr.index >= 0x250; });
  const std::uint64_t write_back = 0x0606'0606'0606'0606;
  CHECK(fixed == std::vector<MsrValue>{{0x250, write_back},
                                       {0x258, write_back},
                                       {0x259, 0},
                                       {0x268, 0},
                                       {0x269, 0},
                                       {0x26A, 0},
                                       {0x26B, 0},
                                       {0x26C, 0},
                                       {0x26D, 0},
                                       {0x26E, 0},
                                       {0x26F, 0},
                                       {0x2FF, 0xC00}});
  CHECK(msrs.back() == MsrValue{0x2FF, 0xC00});
}
