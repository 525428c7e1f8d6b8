// Deflate, unpacked block by block into one buffer that is also the window to look back into.
//
// A decoder of our own because unpacking the kernel is the larger part of a boot from a bzImage,
// and this one takes a quarter less instructions than libdeflate's. `inflate_loop.hpp` is where
// they go.
//
// Spec:  RFC 1951.
// Trust: the input may be cut short, damaged, or made to unpack to far more than it should.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "loader/compression/codec.hpp"
#include "loader/compression/huffman.hpp"

namespace loader::codec {

/// Where a decoder stands. `bits` are the next ones, lowest first; those above `bit_count` are 0.
struct InflateState {
  const std::uint8_t* in;
  const std::uint8_t* in_end;
  std::uint8_t* out;
  std::uint8_t* out_begin;
  std::uint8_t* out_end;
  std::uint64_t bits = 0;
  unsigned bit_count = 0;
};

enum class InflateResult { GoesOn, BlockEnds, Damaged, OutputFull };

/// Goes through a block as long as neither input nor output can end within the next symbol, and
/// 32 KiB, farther than any distance reaches, have been unpacked; GoesOn if that is not so (any
/// more).
using InflateLoop = InflateResult (*)(InflateState&, const LiteralTable&, const DistanceTable&);
InflateResult portable_inflate_loop(InflateState& state, const LiteralTable& literals,
                                    const DistanceTable& distances);
InflateResult bmi2_inflate_loop(InflateState& state, const LiteralTable& literals,
                                const DistanceTable& distances);

/// The fastest this processor can run.
[[nodiscard]] InflateLoop inflate_loop();

class Inflater {
 public:
  /// Bytes of `output` behind those written are used as scratch.
  Inflater(Input input, Output output, InflateLoop loop = inflate_loop());

  /// Unpacks the next block. OutputFull if it needs more room than there is; all of that is then
  /// filled.
  [[nodiscard]] InflateResult unpack_block();

  [[nodiscard]] bool was_last_block() const { return last_block_; }
  [[nodiscard]] std::size_t size_written() const;
  /// What follows the last block, from the next whole byte on.
  [[nodiscard]] Input rest_of_input() const;

 private:
  [[nodiscard]] InflateResult copy_stored();
  [[nodiscard]] InflateResult unpack_symbols();
  void use_fixed_codes();
  [[nodiscard]] bool read_codes();
  [[nodiscard]] bool read_lengths(const LengthTable& table, std::span<std::uint8_t> lengths);

  InflateState state_;
  InflateLoop loop_;
  bool last_block_ = false;
  bool has_fixed_codes_ = false;
  LiteralTable literals_;
  DistanceTable distances_;
};

}  // namespace loader::codec
