#include "loader/x86_64/boot_params.hpp"

#include <cstring>

#include "loader/x86_64/pvh.hpp"
#include "tests/loader/guest_ram.hpp"
#include "tests/loader/x86_64/sample_kernels.hpp"

using loader::x86_64::make_boot_params;
using loader::x86_64::MemoryMapEntry;
using loader::x86_64::MemoryType;

namespace {

/// By the offsets of zero-page.rst, not by our names.
template <typename T, typename Whole>
T at(const Whole& whole, std::size_t offset) {
  T value;
  std::memcpy(&value, reinterpret_cast<const std::byte*>(&whole) + offset, sizeof value);
  return value;
}

const std::vector<MemoryMapEntry> two_entries{{{{0}, 0x9000}, MemoryType::Ram},
                                              {{{4_GiB}, 5_GiB}, MemoryType::AcpiTables}};

}  // namespace

TEST_CASE("boot_params: of a vmlinux", "[loader]") {
  const auto params = make_boot_params({}, AddressRange{{0x120'0000}, 0x3456}, two_entries);
  CHECK(at<std::uint64_t>(params, 0x070) == 0xE'0000);  // acpi_rsdp_addr
  CHECK(at<std::uint32_t>(params, 0x0C0) == 0);
  CHECK(at<std::uint8_t>(params, 0x1E8) == 2);
  CHECK(at<std::uint8_t>(params, 0x1EF) == 0);  // sentinel: nothing was left uninitialised
  CHECK(at<std::uint16_t>(params, 0x1FE) == 0xAA55);
  CHECK(at<std::uint32_t>(params, 0x202) == 0x53726448);
  CHECK(at<std::uint16_t>(params, 0x206) == 0x020C);
  CHECK(at<std::uint8_t>(params, 0x210) == 0xFF);
  CHECK(at<std::uint32_t>(params, 0x218) == 0x120'0000);
  CHECK(at<std::uint32_t>(params, 0x21C) == 0x3456);
  CHECK(at<std::uint32_t>(params, 0x228) == 0x3000);
  CHECK(at<std::uint32_t>(params, 0x230) == 0x10'0000);
  CHECK(at<std::uint32_t>(params, 0x238) == 2047);
  CHECK(at<std::uint64_t>(params, 0x250) == 0);
  CHECK(at<std::uint64_t>(params, 0x2D0) == 0);
  CHECK(at<std::uint64_t>(params, 0x2D8) == 0x9000);
  CHECK(at<std::uint32_t>(params, 0x2E0) == 1);
  CHECK(at<std::uint64_t>(params, 0x2E4) == 4_GiB);
  CHECK(at<std::uint64_t>(params, 0x2EC) == 5_GiB);
  CHECK(at<std::uint32_t>(params, 0x2F4) == 3);
  CHECK(at<std::uint64_t>(params, 0x2F8) == 0);
}

TEST_CASE("boot_params: of a bzImage keep its header", "[loader]") {
  loader::x86_64::LoadedKernel kernel;
  kernel.setup_header = samples::usual_header();
  kernel.setup_header->ramdisk_image = 0x1234;  // the file's, which means nothing
  kernel.limits.command_line_bytes = 4095;
  const auto params = make_boot_params(kernel, AddressRange{{5_GiB}, 6_GiB}, two_entries);
  CHECK(at<std::uint16_t>(params, 0x206) == 0x020F);
  CHECK(at<std::uint8_t>(params, 0x210) == 0xFF);
  CHECK(at<std::uint32_t>(params, 0x238) == 4095);
  CHECK(at<std::uint64_t>(params, 0x258) == 0x100'0000);
  CHECK(at<std::uint32_t>(params, 0x218) == 0x4000'0000);
  CHECK(at<std::uint32_t>(params, 0x0C0) == 1);
  CHECK(at<std::uint32_t>(params, 0x21C) == 0x8000'0000);
  CHECK(at<std::uint32_t>(params, 0x0C4) == 1);
}

TEST_CASE("boot_params: hold 128 map entries and no more", "[loader]") {
  std::vector<MemoryMapEntry> map(128, two_entries[0]);
  CHECK(at<std::uint8_t>(make_boot_params({}, {}, map), 0x1E8) == 128);
  map.push_back(map.back());
  CHECK_THROWS_AS(make_boot_params({}, {}, map), loader::LoadError);
}

TEST_CASE("hvm_start_info: version 1 with module and memory map", "[loader]") {
  const AddressRange place{{0x2000}, 0x1000};
  const auto info =
      loader::x86_64::make_hvm_start_info(place, AddressRange{{0x120'0000}, 0x3456}, two_entries);
  const auto word = [&](std::size_t offset) { return at<std::uint32_t>(info[0], offset); };
  const auto quad = [&](std::size_t offset) { return at<std::uint64_t>(info[0], offset); };
  REQUIRE(info.size() == 56 + 32 + 2 * 24);
  CHECK(word(0) == 0x336EC578);
  CHECK(word(4) == 1);
  CHECK(word(8) == 0);
  CHECK(word(12) == 1);
  CHECK(quad(16) == 0x2000 + 56);
  CHECK(quad(24) == 0x3000);
  CHECK(quad(32) == 0xE'0000);
  CHECK(quad(40) == 0x2000 + 56 + 32);
  CHECK(word(48) == 2);
  CHECK(quad(56) == 0x120'0000);
  CHECK(quad(64) == 0x3456);
  CHECK(quad(72) == 0);
  CHECK(quad(88) == 0);
  CHECK(quad(96) == 0x9000);
  CHECK(word(104) == 1);
  CHECK(quad(112) == 4_GiB);
  CHECK(word(128) == 3);
}

TEST_CASE("hvm_start_info: without initrd has no module; too long a map is refused", "[loader]") {
  const AddressRange place{{0x2000}, 0x1000};
  const auto info = loader::x86_64::make_hvm_start_info(place, {}, two_entries);
  CHECK(at<std::uint32_t>(info[0], 12) == 0);
  CHECK(at<std::uint64_t>(info[0], 16) == 0);
  CHECK(at<std::uint64_t>(info[0], 40) == 0x2000 + 56);
  const std::vector<MemoryMapEntry> many(200, two_entries[0]);
  CHECK_THROWS_AS(loader::x86_64::make_hvm_start_info(place, {}, many), loader::LoadError);
}
