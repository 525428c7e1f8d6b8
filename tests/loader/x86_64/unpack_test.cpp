#include "loader/x86_64/unpack.hpp"

#include <array>
#include <cstring>

#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "loader/x86_64/kernel.hpp"
#include "tests/loader/guest_ram.hpp"
#include "tests/loader/x86_64/sample_kernels.hpp"

using loader::Compression;
using loader::Image;
using loader::x86_64::load_kernel;
using loader::x86_64::PackedElf;
using loader::x86_64::unpack_elf;

namespace {

/// RAM holds exactly what the executable says, and zeros.
void check_ram(const platform::GuestMemory& ram, const samples::Elf& elf, std::uint64_t moved = 0) {
  std::uint64_t at = 0;
  for (const auto& segment : elf.segments) {
    const std::uint64_t start = segment.address - moved;
    CHECK(all_zero(ram, at, start));
    CHECK(bytes_at(ram, start, segment.content.size()) == segment.content);
    at = start + segment.content.size();
  }
  CHECK(all_zero(ram, at, ram.regions()[0].guest.end().value));
}

void check_unpacks(const samples::Elf& elf, Compression format = Compression::Lz4Legacy) {
  const Bytes file = samples::make(elf);
  const Bytes packed = samples::compress(format, file);
  auto ram = make_ram(36_MiB);
  (void)unpack_elf({format, packed, 16_MiB}, ram);
  check_ram(ram, elf);
}

samples::Elf three_segments(std::array<std::uint64_t, 3> addresses,
                            std::array<std::uint64_t, 3> offsets) {
  samples::Elf elf;
  for (unsigned index = 0; index < 3; ++index) {
    elf.segments.push_back({.address = addresses[index],
                            .content = samples::pattern(0x1'4567, index + 1),
                            .file_offset = offsets[index]});
  }
  elf.tail = samples::pattern(0x23'4567, 9);
  return elf;
}

}  // namespace

TEST_CASE("Unpack: every format, and only the executable is left behind", "[loader]") {
  const Compression format = GENERATE(from_range(samples::all_formats));
  CAPTURE(loader::name_of(format));
  check_unpacks(samples::small_vmlinux(), format);
}

TEST_CASE("Unpack: segments move to where they belong without running over each other",
          "[loader]") {
  SECTION("none has to") {
    check_unpacks(
        three_segments({0x100'0000, 0x102'0000, 0x104'0000}, {0x1000, 0x2'1000, 0x4'1000}));
  }
  SECTION("down, by less than their size") {
    check_unpacks(
        three_segments({0x100'0000, 0x102'0000, 0x103'5000}, {0x1000, 0x2'3000, 0x4'1000}));
  }
  SECTION("up, by less than their size") {
    check_unpacks(
        three_segments({0x100'0000, 0x102'0000, 0x104'0000}, {0x1000, 0x1'8000, 0x3'0000}));
  }
  SECTION("one up, one down") {
    check_unpacks(
        three_segments({0x100'0000, 0x102'0000, 0x103'8000}, {0x1000, 0x1'A000, 0x4'F000}));
    check_unpacks(
        three_segments({0x100'0000, 0x101'5000, 0x106'0000}, {0x1000, 0x2'0000, 0x3'F000}));
  }
  SECTION("beyond the end of the file") {
    check_unpacks(
        three_segments({0x100'0000, 0x102'0000, 0x200'0000}, {0x1000, 0x2'1000, 0x4'1000}));
  }
}

TEST_CASE("Unpack: what cannot be unpacked in place is copied", "[loader]") {
  SECTION("another order in the file than in memory") {
    check_unpacks(
        three_segments({0x100'0000, 0x102'0000, 0x104'0000}, {0x4'1000, 0x1000, 0x2'1000}));
  }
  SECTION("segments that share bytes of the file") {
    auto elf = samples::small_vmlinux();
    elf.segments.push_back(elf.segments[2]);
    elf.segments[3].address = 0x102'0000;
    check_unpacks(elf);
  }
  SECTION("a first segment too low for the file's start") {
    check_unpacks(
        three_segments({0x10'0000, 0x13'0000, 0x16'0000}, {0x8'0000, 0xB'0000, 0xE'0000}));
  }
  SECTION("no segment with bytes of the file") {
    check_unpacks({.segments = {{.address = 0x100'0000, .content = {}, .memory_bytes = 0x1000}}});
  }
}

TEST_CASE("Unpack: a tail that is longer than RAM does not matter", "[loader]") {
  auto elf = samples::small_vmlinux();
  elf.tail = samples::pattern(2_MiB, 4);
  const Bytes packed = samples::compress(Compression::Zstd, samples::make(elf));
  auto ram = make_ram(17_MiB);
  (void)unpack_elf({Compression::Zstd, packed, 17_MiB}, ram);
  check_ram(ram, elf);
}

TEST_CASE("Unpack: a relocatable kernel moves down where RAM is short", "[loader]") {
  const auto elf = samples::small_vmlinux();
  const Bytes packed = samples::compress(Compression::Zstd, samples::make(elf));
  const PackedElf fixed{Compression::Zstd, packed, 1_MiB};
  PackedElf relocatable = fixed;
  relocatable.relocation_alignment = 2_MiB;

  auto small = make_ram(8_MiB);
  CHECK_BAD_IMAGE(unpack_elf(fixed, small), "not all is RAM");
  const auto moved = unpack_elf(relocatable, small);
  CHECK(moved.layout.entry == GuestAddress{2_MiB + 0x40});
  CHECK(moved.layout.span() == AddressRange{{2_MiB}, 0xF000});
  check_ram(small, elf, 14_MiB);

  auto large = make_ram();
  CHECK(unpack_elf(relocatable, large).layout.entry == GuestAddress{0x100'0040});
  auto tiny = make_ram(2_MiB);
  CHECK_BAD_IMAGE(unpack_elf(relocatable, tiny), "not all is RAM");
}

TEST_CASE("Unpack: the limit holds", "[loader][large]") {
  const Compression format = GENERATE(from_range(samples::all_formats));
  CAPTURE(loader::name_of(format));
  auto elf = samples::small_vmlinux();
  elf.tail = Bytes(20_MiB);
  const Bytes packed = samples::compress(format, samples::make(elf));
  auto ram = make_ram();
  CHECK_BAD_IMAGE(unpack_elf({format, packed, 1_MiB}, ram), "unpacks to more than");
}

TEST_CASE("Unpack: no ELF file, or half of one, is refused", "[loader]") {
  auto ram = make_ram();
  const auto refused = [&](const Bytes& file, const char* message) {
    const Bytes packed = samples::compress(Compression::Zstd, file);
    CHECK_BAD_IMAGE(unpack_elf({Compression::Zstd, packed, 1_MiB}, ram), message);
  };
  refused(samples::pattern(5000), "zstd data in which there is no ELF file");
  Bytes file = samples::make(samples::small_vmlinux());
  file.resize(0xA000);
  refused(file, "truncated: the ELF segment at 0x1006000");
  file.resize(100);
  refused(file, "truncated: the ELF program header table");
  const std::uint64_t far = 2_MiB;
  std::memcpy(file.data() + 32, &far, sizeof far);
  refused(file, "expected them within 0x100000");
}

TEST_CASE("Unpack: program headers may lie behind the first page", "[loader]") {
  Bytes file = samples::make(samples::small_vmlinux());
  const std::uint64_t table = runtime::align_up(file.size(), 8);
  file.resize(table);
  const Bytes headers(file.begin() + 64, file.begin() + 64 + 4 * 56);
  loader::append(file, headers);
  std::memcpy(file.data() + 32, &table, sizeof table);
  const Bytes packed = samples::compress(Compression::Xz, file);
  auto ram = make_ram(20_MiB);
  (void)unpack_elf({Compression::Xz, packed, 1_MiB}, ram);
  check_ram(ram, samples::small_vmlinux());
}
