// The inner loop of Deflate: decodes without looking where input and output end.
//
// Included by one file for each kind of processor, whose instructions it is compiled to.
// `Processor` has low_bits(bits, width): the lowest `width` (below 64) of `bits`.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "loader/compression/inflate.hpp"

namespace loader::codec {

static_assert(std::endian::native == std::endian::little);

constexpr std::ptrdiff_t most_distance_bytes = 32768;
// One step decodes at most two literals and a match, refills four times, and may write 32 bytes
// more than it should.
constexpr std::ptrdiff_t step_input_bytes = 40;
constexpr std::ptrdiff_t step_output_bytes = 2 + 258 + 32;
constexpr std::size_t longest_usual_match = 10;

/// The next bits of the input. After `refill` all 64 are, though `count` speaks of 56 to 63.
template <typename Processor>
struct Bits {
  [[gnu::always_inline]] void refill() {
    std::uint64_t more;
    std::memcpy(&more, in, sizeof more);
    bits |= more << (count & 63);
    in += 7;
    in -= count >> 3 & 7;
    count |= 56;
  }
  [[gnu::always_inline]] std::uint64_t peek(unsigned width) const {
    return Processor::low_bits(bits, width);
  }
  // Only the low 6 bits of `count` mean something: subtracting the whole entry saves masking it.
  [[gnu::always_inline]] void use(Entry entry) {
    bits >>= entry & 63;
    count -= entry;
  }
  /// Uses up an entry with extra bits; returns these.
  [[gnu::always_inline]] std::uint64_t use_extra(Entry entry) {
    const std::uint64_t all = peek(static_cast<std::uint8_t>(entry));
    use(entry);
    return all >> (entry >> 8 & 63);
  }

  const std::uint8_t* in;
  std::uint64_t bits;
  unsigned count;
};

template <std::size_t Size>
[[gnu::always_inline]] inline void copy(std::uint8_t* to, const std::uint8_t* from) {
  std::array<std::uint8_t, Size> bytes;
  std::memcpy(bytes.data(), from, Size);
  std::memcpy(to, bytes.data(), Size);
}

/// Any match; writes up to 31 bytes more than `length`.
[[gnu::always_inline]] inline void copy_match(std::uint8_t* to, std::size_t distance_bytes,
                                              std::size_t length) {
  const std::uint8_t* from = to - distance_bytes;
  std::uint8_t* const end = to + length;
  if (distance_bytes >= 16) {
    do {
      copy<16>(to, from);
      to += 16;
      from += 16;
    } while (to < end);
  } else if (distance_bytes == 1) {
    std::array<std::uint8_t, 32> run;
    run.fill(*from);
    do {
      std::memcpy(to, run.data(), run.size());
      to += run.size();
    } while (to < end);
  } else {
    // As far as 8 bytes are not their own source.
    const std::size_t step = std::min<std::size_t>(distance_bytes, 8);
    do {
      copy<8>(to, from);
      to += step;
      from += step;
    } while (to < end);
  }
}

/// The loop's variables; those that change all fit into registers.
template <typename Processor>
class Loop {
 public:
  [[gnu::always_inline]] Loop(const InflateState& state, const LiteralTable& literals,
                              const DistanceTable& distances)
      : literals_{literals},
        distances_{distances},
        width_{literals.width},
        bits_{state.in, state.bits, state.bit_count},
        out_{state.out} {}

  [[gnu::always_inline]] InflateResult run(const InflateState& state) {
    for (auto steps = safe_steps(state); steps > 0; steps = safe_steps(state)) {
      bits_.refill();
      look_up();
      do {
        if (!step()) return result_;
      } while (--steps > 0);
    }
    return InflateResult::GoesOn;
  }

  [[gnu::always_inline]] void save(InflateState& state) const {
    state.in = bits_.in;
    state.bit_count = bits_.count & 63;
    state.bits = bits_.peek(state.bit_count);
    state.out = out_;
  }

 private:
  /// How many steps neither input nor output can end in.
  [[gnu::always_inline]] std::ptrdiff_t safe_steps(const InflateState& state) const {
    if (out_ - state.out_begin < most_distance_bytes) return 0;
    return std::min((state.in_end - bits_.in) / step_input_bytes,
                    (state.out_end - out_) / step_output_bytes);
  }

  [[gnu::always_inline]] void look_up() { entry_ = literals_.entries[bits_.peek(width_)]; }
  /// Looks up first: the next symbols then need not wait for the refill.
  [[gnu::always_inline]] void next() {
    look_up();
    bits_.refill();
  }
  [[gnu::always_inline]] bool at_literal() const { return entry_ & symbol::literal; }
  [[gnu::always_inline]] void put_literal() {
    bits_.use(entry_);
    *out_++ = static_cast<std::uint8_t>(entry_ >> 16);
  }

  /// Three literals, or up to two and a match. Without subtables and with a usual length these take
  /// at most 51 bits, and leave enough of the 64 to look up what follows. False at the end.
  [[gnu::always_inline]] bool step() {
    if (at_literal()) {
      put_literal();
      look_up();
      if (at_literal()) {
        put_literal();
        look_up();
        if (at_literal()) {
          put_literal();
          next();
          return true;
        }
      }
    }
    if (entry_ & symbol::unusual) [[unlikely]]
      return unusual_step();
    bits_.use(entry_);
    const std::size_t length = entry_ >> 16;
    const Entry at = distances_.entries[bits_.peek(DistanceTable::main_bits)];
    if (at & distance::unusual) [[unlikely]]
      return match(length);
    const std::size_t distance_bytes = std::size_t{at >> 16} + bits_.use_extra(at);
    // Looked up before the copy: that takes its time.
    next();
    if (distance_bytes >= longest_usual_match) [[likely]] {
      copy<16>(out_, out_ - distance_bytes);
    } else {
      copy_match(out_, distance_bytes, length);
    }
    out_ += length;
    return true;
  }

  [[gnu::always_inline]] bool unusual_step() {
    if ((entry_ & symbol::kind) == symbol::subtable) {
      bits_.use(LiteralTable::main_bits);
      entry_ = literals_.entries[value_of(entry_) + bits_.peek(entry_ >> 8 & 15)];
      if (at_literal()) {
        put_literal();
        next();
        return true;
      }
    }
    if (entry_ & symbol::kind) {
      bits_.use(entry_);
      result_ = (entry_ & symbol::kind) == symbol::end_of_block ? InflateResult::BlockEnds
                                                                : InflateResult::Damaged;
      return false;
    }
    return match(value_of(entry_) + bits_.use_extra(entry_));
  }

  /// The rest of any match, its length known.
  [[gnu::always_inline]] bool match(std::size_t length) {
    bits_.refill();
    Entry at = distances_.entries[bits_.peek(DistanceTable::main_bits)];
    if (at & distance::unusual) {
      bits_.use(DistanceTable::main_bits);
      if (const unsigned start = value_of(at)) {
        at = distances_.entries[start + bits_.peek(at >> 8 & 15)];
      }
      if (at & distance::unusual) {
        result_ = InflateResult::Damaged;
        return false;
      }
    }
    const std::size_t distance_bytes = std::size_t{at >> 16} + bits_.use_extra(at);
    next();
    copy_match(out_, distance_bytes, length);
    out_ += length;
    return true;
  }

  const LiteralTable& literals_;
  const DistanceTable& distances_;
  // A variable: with BMI2 low_bits() is then one instruction, where a constant mask takes two.
  unsigned width_;
  Bits<Processor> bits_;
  std::uint8_t* out_;
  Entry entry_ = 0;
  InflateResult result_ = InflateResult::GoesOn;
};

template <typename Processor>
[[gnu::always_inline]] inline InflateResult run_loop(InflateState& state,
                                                     const LiteralTable& literals,
                                                     const DistanceTable& distances) {
  Loop<Processor> loop{state, literals, distances};
  const InflateResult result = loop.run(state);
  loop.save(state);
  return result;
}

}  // namespace loader::codec
