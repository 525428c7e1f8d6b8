#include "loader/compression/inflate.hpp"

#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <memory>
#include <random>

#include "tests/loader/guest_ram.hpp"
#include "tests/loader/x86_64/sample_kernels.hpp"
#include "tests/support/zlib_judge.hpp"

using loader::codec::InflateLoop;
using loader::codec::Inflater;
using loader::codec::InflateResult;

namespace {

struct Unpacked {
  InflateResult result;
  Bytes bytes;
  std::size_t input_left;
};

Unpacked unpack(std::span<const std::byte> packed, std::size_t room, InflateLoop loop) {
  Bytes output(room);
  const auto inflater = std::make_unique<Inflater>(packed, output, loop);
  InflateResult result = InflateResult::BlockEnds;
  while (result == InflateResult::BlockEnds && !inflater->was_last_block()) {
    result = inflater->unpack_block();
  }
  output.resize(inflater->size_written());
  return {result, output, inflater->rest_of_input().size()};
}

/// The portable loop, and the one for this processor.
InflateLoop any_loop() {
  return GENERATE(as<InflateLoop>{}, loader::codec::portable_inflate_loop,
                  loader::codec::inflate_loop());
}

Bytes deflate(const Bytes& bytes, int level, int strategy) {
  z_stream stream{};
  REQUIRE(::deflateInit2(&stream, level, Z_DEFLATED, -MAX_WBITS, 9, strategy) == Z_OK);
  Bytes packed(bytes.size() + bytes.size() / 8 + 4096);
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(::deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  return packed;
}

/// Noise, runs and repetitions from all distances, near ones above all.
Bytes varied(std::size_t size_bytes) {
  std::minstd_rand random{7};
  const auto below = [&](std::size_t limit) { return random() % limit; };
  Bytes bytes;
  while (bytes.size() < size_bytes) {
    const std::size_t kind = below(4);
    const std::size_t length = 1 + below(kind == 3 ? 600 : 24);
    const std::size_t reach = kind == 1 ? 40 : kind == 2 ? 1 : 32768;
    const std::size_t distance = 1 + below(reach);
    for (std::size_t i = 0; i < length; ++i) {
      const bool fresh = kind == 0 || distance > bytes.size();
      bytes.push_back(fresh ? std::byte(below(50)) : bytes[bytes.size() - distance]);
    }
  }
  bytes.resize(size_bytes);
  return bytes;
}

/// Deflate data bit by bit; Huffman code words come highest bit first.
class BitWriter {
 public:
  BitWriter& bits(unsigned value, unsigned width) {
    for (unsigned i = 0; i < width; ++i) bit(value >> i & 1);
    return *this;
  }
  BitWriter& word(unsigned value, unsigned width) {
    for (unsigned i = width; i-- > 0;) bit(value >> i & 1);
    return *this;
  }
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  void bit(unsigned value) {
    if (used_ % 8 == 0) bytes_.push_back(std::byte{0});
    bytes_.back() |= std::byte(value << used_ % 8);
    ++used_;
  }
  Bytes bytes_;
  unsigned used_ = 0;
};

/// The header of a dynamic block whose code lengths all follow in 4 bits each.
BitWriter dynamic_block(unsigned literal_codes, unsigned distance_codes) {
  BitWriter writer;
  writer.bits(1, 1).bits(2, 2);
  writer.bits(literal_codes - 257, 5).bits(distance_codes - 1, 5).bits(15, 4);
  constexpr std::array<unsigned, 3> repetitions{16, 17, 18};
  for (std::size_t i = 0; i < repetitions.size(); ++i) writer.bits(0, 3);
  for (unsigned i = 0; i < 16; ++i) writer.bits(4, 3);
  return writer;
}

/// The lengths themselves: all 0 but those named.
BitWriter lengths(BitWriter writer, unsigned count,
                  const std::vector<std::pair<unsigned, unsigned>>& used) {
  for (unsigned i = 0; i < count; ++i) {
    const auto found = std::ranges::find(used, i, &std::pair<unsigned, unsigned>::first);
    writer.word(found == used.end() ? 0 : found->second, 4);
  }
  return writer;
}

void check_refused(const Bytes& packed) {
  CHECK(unpack(packed, 1000, any_loop()).result == InflateResult::Damaged);
  CHECK(zlib_judge::inflate(packed, 1000) == std::nullopt);
}

}  // namespace

TEST_CASE("Inflate: what zlib packed at any level comes out", "[loader]") {
  const InflateLoop loop = any_loop();
  const int level = GENERATE(0, 1, 6, 9);
  const int strategy = GENERATE(Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED);
  const Bytes original = varied(300'000);
  Bytes packed = deflate(original, level, strategy);
  packed.resize(packed.size() + 5);
  const Unpacked unpacked = unpack(packed, original.size() + 100, loop);
  CHECK(unpacked.result == InflateResult::BlockEnds);
  CHECK(unpacked.bytes == original);
  CHECK(unpacked.input_left == 5);
}

TEST_CASE("Inflate: fills the room there is, and not more", "[loader]") {
  const InflateLoop loop = any_loop();
  const Bytes original = varied(70'000);
  const Bytes packed = deflate(original, GENERATE(0, 6), Z_DEFAULT_STRATEGY);
  CHECK(unpack(packed, original.size(), loop).result == InflateResult::BlockEnds);
  for (std::size_t room = original.size() - 600; room < original.size(); ++room) {
    const Unpacked unpacked = unpack(packed, room, loop);
    CHECK(unpacked.result == InflateResult::OutputFull);
    CHECK(unpacked.bytes == Bytes(original.begin(), original.begin() + std::ptrdiff_t(room)));
  }
}

TEST_CASE("Inflate: data that ends early is refused wherever it ends", "[loader]") {
  const InflateLoop loop = any_loop();
  const Bytes packed = deflate(varied(40'000), GENERATE(0, 9), Z_DEFAULT_STRATEGY);
  const std::size_t step = packed.size() / 200;
  for (std::size_t size = 0; size < packed.size(); size += size + 300 < packed.size() ? step : 1) {
    CAPTURE(size);
    CHECK(unpack(std::span{packed}.first(size), 40'000, loop).result == InflateResult::Damaged);
  }
}

TEST_CASE("Inflate: takes damaged data as zlib does", "[loader]") {
  const InflateLoop loop = any_loop();
  constexpr std::size_t room = 100'000;
  const Bytes packed = deflate(varied(6'000), 9, GENERATE(Z_DEFAULT_STRATEGY, Z_FIXED));
  std::minstd_rand random{GENERATE(range(1u, 40u))};
  for (int round = 0; round < 20; ++round) {
    Bytes damaged = zlib_judge::history();
    const std::size_t start = damaged.size();
    damaged.insert(damaged.end(), packed.begin(), packed.end());
    // The first bytes above all: they hold the codes.
    const std::size_t reach = round % 2 == 0 ? 90 : packed.size();
    damaged[start + random() % reach] ^= std::byte(1u << random() % 8);
    const auto expected = zlib_judge::inflate(damaged, room);
    const Unpacked unpacked = unpack(damaged, room, loop);
    CHECK((unpacked.result == InflateResult::BlockEnds) == expected.has_value());
    if (expected) CHECK(unpacked.bytes == *expected);
  }
}

TEST_CASE("Inflate: blocks that no encoder makes are refused", "[loader]") {
  SECTION("of the reserved type") {
    check_refused(BitWriter{}.bits(1, 1).bits(3, 2).bytes());
  }
  SECTION("stored, with a size that its complement contradicts") {
    check_refused(BitWriter{}.bits(1, 8).bits(1, 16).bits(1, 16).bits(0, 8).bytes());
  }
  SECTION("with a distance that reaches before the start") {
    // Fixed codes: literal 0, length 3, distance 2.
    check_refused(
        BitWriter{}.bits(1, 1).bits(1, 2).word(48, 8).word(1, 7).word(1, 5).bits(0, 20).bytes());
  }
  SECTION("with a reserved length or distance") {
    check_refused(BitWriter{}.bits(1, 1).bits(1, 2).word(0b11000110, 8).bits(0, 20).bytes());
    check_refused(
        BitWriter{}.bits(1, 1).bits(1, 2).word(48, 8).word(1, 7).word(30, 5).bits(0, 20).bytes());
  }
  SECTION("with more codes than there are symbols") {
    check_refused(lengths(dynamic_block(287, 1), 288, {{0, 1}, {256, 1}}).bytes());
    check_refused(lengths(dynamic_block(257, 31), 288, {{0, 1}, {256, 1}}).bytes());
  }
  SECTION("without an end") {
    check_refused(lengths(dynamic_block(257, 1), 258, {{0, 1}, {1, 1}}).bytes());
  }
  SECTION("with a code that has room left") {
    check_refused(lengths(dynamic_block(257, 1), 258, {{0, 2}, {256, 1}}).bytes());
  }
  SECTION("with a code that has no room") {
    check_refused(lengths(dynamic_block(257, 1), 258, {{0, 1}, {1, 1}, {256, 1}}).bytes());
  }
  SECTION("with a match and no distances") {
    BitWriter writer = lengths(dynamic_block(258, 1), 259, {{0, 2}, {256, 2}, {257, 1}});
    check_refused(writer.word(0b10, 2).word(0, 1).bits(0, 20).bytes());
  }
}

TEST_CASE("Inflate: a code of one word, or none, will do where no other is needed", "[loader]") {
  const InflateLoop loop = any_loop();
  SECTION("only the end") {
    BitWriter writer = lengths(dynamic_block(257, 1), 258, {{256, 1}});
    writer.word(0, 1);
    CHECK(unpack(writer.bytes(), 10, loop).result == InflateResult::BlockEnds);
  }
  SECTION("one distance") {
    BitWriter writer = lengths(dynamic_block(258, 1), 259, {{7, 2}, {256, 2}, {257, 1}, {258, 1}});
    writer.word(0b10, 2).word(0, 1).word(0, 1).word(0b11, 2);
    CHECK(unpack(writer.bytes(), 10, loop).bytes == Bytes(4, std::byte{7}));
  }
}
