#include "loader/compression/compression.hpp"

#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/loader/guest_ram.hpp"
#include "tests/loader/x86_64/sample_kernels.hpp"

using loader::Compression;
using loader::decompress;
using loader::decompress_prefix;

namespace {

Compression any_format() {
  return GENERATE(from_range(samples::all_formats));
}

Bytes sample() {
  // More than one block of any format but lz4's 8 MiB.
  Bytes bytes = samples::pattern(700'000, 5);
  std::ranges::fill_n(bytes.begin() + 100'000, 100'000, std::byte{0});
  return bytes;
}

}  // namespace

TEST_CASE("Compression: what was packed comes out, whatever follows it", "[loader]") {
  const Compression format = any_format();
  CAPTURE(loader::name_of(format));
  const Bytes original = sample();
  Bytes packed = samples::compress(format, original);
  REQUIRE(loader::detect_compression(packed) == format);

  SECTION("alone") {}
  SECTION("with the kernel's size word") {
    loader::append(packed, static_cast<std::uint32_t>(original.size()));
  }
  Bytes output(original.size() + 1000);
  REQUIRE(decompress(format, packed, output) == original.size());
  output.resize(original.size());
  CHECK(output == original);
}

TEST_CASE("Compression: it fits exactly, or it is refused", "[loader]") {
  const Compression format = any_format();
  CAPTURE(loader::name_of(format));
  const Bytes original = sample();
  const Bytes packed = samples::compress(format, original);
  Bytes output(original.size());
  CHECK(decompress(format, packed, output) == original.size());
  CHECK(output == original);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, original.size() - 1}) {
    Bytes small(size);
    CHECK_BAD_IMAGE(decompress(format, packed, small), "unpacks to more than");
  }
}

TEST_CASE("Compression: a bomb stops at the end of its room", "[loader][large]") {
  const Compression format = any_format();
  CAPTURE(loader::name_of(format));
  const Bytes packed = samples::compress(format, Bytes(20_MiB));
  Bytes output(1_MiB);
  CHECK_BAD_IMAGE(decompress(format, packed, output), "unpacks to more than");
}

TEST_CASE("Compression: the beginning alone", "[loader]") {
  const Compression format = any_format();
  CAPTURE(loader::name_of(format));
  const Bytes original = sample();
  const Bytes packed = samples::compress(format, original);
  const std::size_t size = GENERATE(1u, 64u, 4096u);
  Bytes start(size);
  REQUIRE(decompress_prefix(format, packed, start) == size);
  CHECK(std::ranges::equal(start, std::span{original}.first(size)));

  // Of a short stream there is no more than it has.
  Bytes more(size + 10);
  CHECK(decompress_prefix(format, samples::compress(format, samples::pattern(size)), more) == size);
}

TEST_CASE("Compression: truncated data is refused", "[loader]") {
  const Compression format = any_format();
  CAPTURE(loader::name_of(format));
  const Bytes original = samples::pattern(700, 5);
  const Bytes packed = samples::compress(format, original);
  Bytes output(original.size());
  // What lz4's legacy frame lacks is an end: it may be cut between blocks, and there is one here.
  for (std::size_t size = 9; size < packed.size(); ++size) {
    CAPTURE(size);
    CHECK_THROWS_AS(decompress(format, std::span{packed}.first(size), output), BadImage);
  }
}

TEST_CASE("Compression: damage is refused, or harmless, and never more", "[loader]") {
  const Compression format = any_format();
  CAPTURE(loader::name_of(format));
  const Bytes original = samples::pattern(700, 5);
  const Bytes packed = samples::compress(format, original);
  Bytes output(original.size() + 100);
  for (std::size_t at = 0; at < packed.size(); ++at) {
    Bytes damaged = packed;
    damaged[at] ^= std::byte{0x55};
    const auto written_at_most = [&](std::size_t room, auto unpack) {
      try {
        return unpack(format, damaged, std::span{output}.first(room)) <= room;
      } catch (const BadImage&) {
        return true;
      }
    };
    CHECK(written_at_most(output.size(), decompress));
    CHECK(written_at_most(64, decompress_prefix));
  }
}

TEST_CASE("Compression: what is no packed data is not taken for it", "[loader]") {
  CHECK(loader::detect_compression({}) == std::nullopt);
  CHECK(loader::detect_compression(samples::pattern(100)) == std::nullopt);
  CHECK(loader::detect_compression(samples::make(samples::small_vmlinux())) == std::nullopt);
}
