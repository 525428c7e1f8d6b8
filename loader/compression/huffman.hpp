// Tables by which a decoder of Deflate finds the symbol that comes next, and what to do with it.
//
// Spec: RFC 1951, 3.2.2 "Use of Huffman coding in the deflate format" and 3.2.5.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace loader::codec {

/// What the next bits mean. Bits 7:0 say how many of them are used up, extra bits included; bits
/// 15:8 how many of these come before the extra ones; bits 31:16 hold the value and the flags.
using Entry = std::uint32_t;

/// A literal is told by the sign, a length that has no extra bits by the absence of flags. All
/// else, rare, is told by two more bits.
namespace symbol {
constexpr Entry literal = Entry{1} << 31;
constexpr Entry unusual = Entry{1} << 30;
constexpr Entry subtable = Entry{1} << 29;  // value: its start; bits 15:8: log2 of its size
constexpr Entry end_of_block = Entry{1} << 28;
constexpr Entry invalid = subtable | end_of_block;
constexpr Entry kind = subtable | end_of_block;
}  // namespace symbol

/// Distances need 15 bits, so that one flag remains: a subtable or, if it starts at 0, invalid.
namespace distance {
constexpr Entry unusual = Entry{1} << 31;
}  // namespace distance

constexpr unsigned value_of(Entry entry) {
  return entry >> 16 & 0xFFF;
}

/// A code's table: entries for all values of the next `main_bits` bits, then subtables for codes
/// that are longer. The sizes are the most that any code needs (zlib's examples/enough.c).
template <unsigned MainBits, unsigned Symbols, unsigned Size>
struct CodeTable {
  static constexpr unsigned main_bits = MainBits;
  static constexpr unsigned symbols = Symbols;
  unsigned width = MainBits;
  std::array<Entry, Size> entries;
};
using LiteralTable = CodeTable<10, 288, 1334>;
using DistanceTable = CodeTable<8, 32, 402>;
using LengthTable = CodeTable<7, 19, 128>;  // of the code in which the other codes are written

/// Fills a table for the code in which symbol i has `lengths[i]` bits (at most 15; 0: not used).
/// False if there is no such code, or if some bits begin none of its words. Literals and distances
/// may have less than two words.
[[nodiscard]] bool fill(LiteralTable& table, std::span<const std::uint8_t> lengths);
[[nodiscard]] bool fill(DistanceTable& table, std::span<const std::uint8_t> lengths);
[[nodiscard]] bool fill(LengthTable& table, std::span<const std::uint8_t> lengths);

}  // namespace loader::codec
