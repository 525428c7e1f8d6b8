#include "loader/compression/inflate.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace loader::codec {
namespace {

enum class BlockType { Stored, FixedCodes, DynamicCodes };

constexpr std::uint64_t low_bits(std::uint64_t bits, unsigned width) {
  return bits & ((std::uint64_t{1} << width) - 1);
}

/// At least 56 bits, or all there are.
void refill(InflateState& state) {
  if (state.in_end - state.in >= 8) {
    std::uint64_t more;
    std::memcpy(&more, state.in, sizeof more);
    state.in += (63 - state.bit_count) / 8;
    more <<= state.bit_count;
    state.bit_count |= 56;
    state.bits = low_bits(state.bits | more, state.bit_count);
    return;
  }
  while (state.bit_count < 56 && state.in < state.in_end) {
    state.bits |= std::uint64_t{*state.in++} << state.bit_count;
    state.bit_count += 8;
  }
}

/// The next bits, at most 16, if they are there.
std::optional<unsigned> read_bits(InflateState& state, unsigned width) {
  refill(state);
  if (width > state.bit_count) return std::nullopt;
  const auto value = static_cast<unsigned>(low_bits(state.bits, width));
  state.bits >>= width;
  state.bit_count -= width;
  return value;
}

/// Uses up an entry; returns its extra bits, or nothing if they or its own are not all there.
std::optional<unsigned> use(InflateState& state, Entry entry) {
  const unsigned width = entry & 63;
  const unsigned own_width = entry >> 8 & 63;
  const auto all = low_bits(state.bits, width);
  if (width > state.bit_count) return std::nullopt;
  state.bits >>= width;
  state.bit_count -= width;
  return static_cast<unsigned>(all >> own_width);
}

/// The entry in a subtable, to which another leads.
template <typename Table>
Entry find_in_subtable(InflateState& state, const Table& table, Entry leading) {
  const unsigned width = std::min(Table::main_bits, state.bit_count);
  state.bits >>= width;
  state.bit_count -= width;
  return table.entries[value_of(leading) + low_bits(state.bits, leading >> 8 & 15)];
}

Entry find(InflateState& state, const LiteralTable& table) {
  refill(state);
  const Entry entry = table.entries[low_bits(state.bits, LiteralTable::main_bits)];
  const bool leads_on = !(entry & symbol::literal) && (entry & symbol::unusual) &&
                        (entry & symbol::kind) == symbol::subtable;
  return leads_on ? find_in_subtable(state, table, entry) : entry;
}

Entry find(InflateState& state, const DistanceTable& table) {
  refill(state);
  const Entry entry = table.entries[low_bits(state.bits, DistanceTable::main_bits)];
  const bool leads_on = (entry & distance::unusual) && value_of(entry) != 0;
  return leads_on ? find_in_subtable(state, table, entry) : entry;
}

InflateResult copy_match(InflateState& state, std::size_t distance_bytes, std::size_t length) {
  if (distance_bytes > static_cast<std::size_t>(state.out - state.out_begin)) {
    return InflateResult::Damaged;
  }
  const auto room = static_cast<std::size_t>(state.out_end - state.out);
  for (std::size_t left = std::min(length, room); left > 0; --left, ++state.out) {
    *state.out = *(state.out - distance_bytes);
  }
  return length > room ? InflateResult::OutputFull : InflateResult::GoesOn;
}

/// One literal or match, anywhere.
InflateResult unpack_symbol(InflateState& state, const LiteralTable& literals,
                            const DistanceTable& distances) {
  const Entry entry = find(state, literals);
  const auto extra = use(state, entry);
  if (!extra) return InflateResult::Damaged;
  if (entry & symbol::literal) {
    if (state.out == state.out_end) return InflateResult::OutputFull;
    *state.out++ = static_cast<std::uint8_t>(entry >> 16);
    return InflateResult::GoesOn;
  }
  if (entry & symbol::kind) {
    return (entry & symbol::kind) == symbol::end_of_block ? InflateResult::BlockEnds
                                                          : InflateResult::Damaged;
  }
  const Entry distance_entry = find(state, distances);
  const auto distance_extra = use(state, distance_entry);
  if (!distance_extra || (distance_entry & distance::unusual)) return InflateResult::Damaged;
  return copy_match(state, (distance_entry >> 16) + *distance_extra, value_of(entry) + *extra);
}

struct FixedLengths {
  std::array<std::uint8_t, LiteralTable::symbols> literals{};
  std::array<std::uint8_t, DistanceTable::symbols> distances{};
};

/// Spec: 3.2.6 "Compression with fixed Huffman codes".
constexpr FixedLengths fixed_lengths = [] {
  FixedLengths lengths;
  for (unsigned i = 0; i < lengths.literals.size(); ++i) {
    lengths.literals[i] = i < 144 || i >= 280 ? 8 : i < 256 ? 9 : 7;
  }
  lengths.distances.fill(5);
  return lengths;
}();

const std::uint8_t* start_of(Input bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

/// How often a length comes, and where it is from.
struct Repeat {
  std::uint8_t length;
  unsigned times;
};

/// What a symbol of the code for code lengths says. Spec: 3.2.7.
std::optional<Repeat> read_repeat(InflateState& state, unsigned coded,
                                  const std::uint8_t* previous) {
  if (coded < 16) return Repeat{static_cast<std::uint8_t>(coded), 1};
  const unsigned width = coded == 16 ? 2 : coded == 17 ? 3 : 7;
  const auto more = read_bits(state, width);
  if (!more) return std::nullopt;
  if (coded == 16) {
    if (previous == nullptr) return std::nullopt;
    return Repeat{*previous, 3 + *more};
  }
  return Repeat{0, (coded == 17 ? 3 : 11) + *more};
}

}  // namespace

Inflater::Inflater(Input input, Output output, InflateLoop loop) : loop_{loop} {
  state_.in = start_of(input);
  state_.in_end = state_.in + input.size();
  state_.out_begin = reinterpret_cast<std::uint8_t*>(output.data());
  state_.out = state_.out_begin;
  state_.out_end = state_.out_begin + output.size();
}

std::size_t Inflater::size_written() const {
  return static_cast<std::size_t>(state_.out - state_.out_begin);
}

Input Inflater::rest_of_input() const {
  const std::uint8_t* const next = state_.in - state_.bit_count / 8;
  return {reinterpret_cast<const std::byte*>(next), static_cast<std::size_t>(state_.in_end - next)};
}

InflateResult Inflater::unpack_block() {
  const auto header = read_bits(state_, 3);
  if (!header) return InflateResult::Damaged;
  last_block_ = *header & 1;
  switch (static_cast<BlockType>(*header >> 1)) {
    case BlockType::Stored:
      return copy_stored();
    case BlockType::FixedCodes:
      use_fixed_codes();
      return unpack_symbols();
    case BlockType::DynamicCodes:
      return read_codes() ? unpack_symbols() : InflateResult::Damaged;
  }
  return InflateResult::Damaged;
}

InflateResult Inflater::copy_stored() {
  state_.in -= state_.bit_count / 8;
  state_.bits = 0;
  state_.bit_count = 0;
  const auto size = read_bits(state_, 16);
  const auto complement = read_bits(state_, 16);
  if (!size || !complement || (*size ^ *complement) != 0xFFFF) return InflateResult::Damaged;
  const Input input = rest_of_input();
  if (*size > input.size()) return InflateResult::Damaged;
  const auto room = static_cast<std::size_t>(state_.out_end - state_.out);
  const auto copied = std::min<std::size_t>(*size, room);
  state_.out = std::copy_n(start_of(input), copied, state_.out);
  state_.in = start_of(input) + *size;
  state_.bits = 0;
  state_.bit_count = 0;
  return copied < *size ? InflateResult::OutputFull : InflateResult::BlockEnds;
}

/// Such a block may have no more than ten bits: a file full of them must not fill tables for each.
void Inflater::use_fixed_codes() {
  if (has_fixed_codes_) return;
  (void)fill(literals_, fixed_lengths.literals);
  (void)fill(distances_, fixed_lengths.distances);
  has_fixed_codes_ = true;
}

InflateResult Inflater::unpack_symbols() {
  for (;;) {
    InflateResult result = loop_(state_, literals_, distances_);
    if (result == InflateResult::GoesOn) result = unpack_symbol(state_, literals_, distances_);
    if (result != InflateResult::GoesOn) return result;
  }
}

bool Inflater::read_codes() {
  const auto literals = read_bits(state_, 5);
  const auto distances = read_bits(state_, 5);
  const auto lengths = read_bits(state_, 4);
  if (!literals || !distances || !lengths) return false;
  const unsigned literal_count = *literals + 257;
  const unsigned distance_count = *distances + 1;
  // 3.2.5: those beyond "will never actually occur".
  if (literal_count > 286 || distance_count > 30) return false;

  constexpr std::array<std::uint8_t, LengthTable::symbols> order{16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                                 11, 4,  12, 3, 13, 2, 14, 1, 15};
  std::array<std::uint8_t, LengthTable::symbols> lengths_of_lengths{};
  for (unsigned i = 0; i < *lengths + 4; ++i) {
    const auto length = read_bits(state_, 3);
    if (!length) return false;
    lengths_of_lengths[order[i]] = static_cast<std::uint8_t>(*length);
  }
  has_fixed_codes_ = false;
  LengthTable table;
  if (!fill(table, lengths_of_lengths)) return false;
  std::array<std::uint8_t, LiteralTable::symbols + DistanceTable::symbols> both;
  const auto all = std::span{both}.first(literal_count + distance_count);
  constexpr unsigned end_of_block = 256;
  return read_lengths(table, all) && all[end_of_block] != 0 &&
         fill(literals_, all.first(literal_count)) && fill(distances_, all.subspan(literal_count));
}

bool Inflater::read_lengths(const LengthTable& table, std::span<std::uint8_t> lengths) {
  for (std::size_t at = 0; at < lengths.size();) {
    refill(state_);
    const Entry entry = table.entries[low_bits(state_.bits, LengthTable::main_bits)];
    if (!use(state_, entry)) return false;
    const auto repeat = read_repeat(state_, value_of(entry), at == 0 ? nullptr : &lengths[at - 1]);
    if (!repeat || repeat->times > lengths.size() - at) return false;
    std::ranges::fill(lengths.subspan(at, repeat->times), repeat->length);
    at += repeat->times;
  }
  return true;
}

}  // namespace loader::codec
