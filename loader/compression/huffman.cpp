#include "loader/compression/huffman.hpp"

#include <algorithm>
#include <bit>

namespace loader::codec {
namespace {

constexpr unsigned most_bits = 15;
constexpr unsigned value_shift = 16;
// Added for each bit of a code word: it is used up, and comes before the extra bits.
constexpr Entry one_bit = 0x0101;

struct Range {
  std::uint16_t base;
  std::uint8_t extra_bits;
};

constexpr auto length_ranges = [] {
  std::array<Range, 29> ranges{};
  std::uint16_t base = 3;
  for (unsigned i = 0; i < ranges.size() - 1; ++i) {
    const auto extra_bits = static_cast<std::uint8_t>(i < 8 ? 0 : i / 4 - 1);
    ranges[i] = {base, extra_bits};
    base = static_cast<std::uint16_t>(base + (1 << extra_bits));
  }
  ranges.back() = {258, 0};
  return ranges;
}();

constexpr auto literal_meanings = [] {
  std::array<Entry, LiteralTable::symbols> meanings{};
  for (unsigned i = 0; i < 256; ++i) meanings[i] = symbol::literal | i << value_shift;
  meanings[256] = symbol::unusual | symbol::end_of_block;
  for (unsigned i = 0; i < length_ranges.size(); ++i) {
    const auto [base, extra_bits] = length_ranges[i];
    // Long ones too are unusual: the usual ones are copied at one stroke.
    const bool usual = extra_bits == 0 && base <= 16;
    meanings[257 + i] = Entry{base} << value_shift | extra_bits | (usual ? 0 : symbol::unusual);
  }
  for (unsigned i = 286; i < 288; ++i) meanings[i] = symbol::unusual | symbol::invalid;
  return meanings;
}();

constexpr auto distance_meanings = [] {
  std::array<Entry, DistanceTable::symbols> meanings{};
  std::uint16_t base = 1;
  for (unsigned i = 0; i < 30; ++i) {
    const unsigned extra_bits = i < 4 ? 0 : i / 2 - 1;
    meanings[i] = Entry{base} << value_shift | extra_bits;
    base = static_cast<std::uint16_t>(base + (1u << extra_bits));
  }
  for (unsigned i = 30; i < 32; ++i) meanings[i] = distance::unusual;
  return meanings;
}();

constexpr auto length_meanings = [] {
  std::array<Entry, LengthTable::symbols> meanings{};
  for (unsigned i = 0; i < meanings.size(); ++i) meanings[i] = i << value_shift;
  return meanings;
}();

/// Symbols with a code word, shortest word first, and how many words there are of each length.
struct Words {
  std::array<std::uint16_t, most_bits + 1> of_length{};
  std::array<std::uint16_t, LiteralTable::symbols> symbols{};
  unsigned count = 0;
};

Words sort_by_length(std::span<const std::uint8_t> lengths) {
  Words words;
  for (const std::uint8_t length : lengths) ++words.of_length[length];
  words.of_length[0] = 0;
  std::array<std::uint16_t, most_bits + 1> next{};
  for (unsigned i = 0; i < most_bits; ++i) {
    next[i + 1] = static_cast<std::uint16_t>(next[i] + words.of_length[i]);
  }
  for (unsigned i = 0; i < lengths.size(); ++i) {
    if (lengths[i] == 0) continue;
    words.symbols[next[lengths[i]]++] = static_cast<std::uint16_t>(i);
    ++words.count;
  }
  return words;
}

/// Whether the words use up the code space, which is 1 << most_bits, exactly.
bool complete(const Words& words) {
  std::uint32_t used = 0;
  for (unsigned i = 1; i <= most_bits; ++i) {
    used += std::uint32_t{words.of_length[i]} << (most_bits - i);
  }
  return used == std::uint32_t{1} << most_bits;
}

/// Code words count upwards, but their bits come in reverse: the word after `word`, of equal
/// length.
std::uint32_t next_word(std::uint32_t word, unsigned length) {
  const std::uint32_t highest_zero = std::bit_floor(word ^ ((std::uint32_t{1} << length) - 1));
  return (word & (highest_zero - 1)) | highest_zero;
}

/// Lays out one table, shortest words first.
class Builder {
 public:
  Builder(std::span<Entry> entries, unsigned main_bits, Entry subtable, const Words& words)
      : entries_{entries}, main_bits_{main_bits}, subtable_{subtable}, left_{words.of_length} {}

  void add(Entry meaning, unsigned length) {
    extend(std::min(length, main_bits_));
    const Entry entry = meaning + length * one_bit;
    if (length <= main_bits_) {
      entries_[word_] = entry;
    } else {
      add_long(entry - main_bits_ * one_bit, length - main_bits_);
    }
    --left_[length];
    word_ = next_word(word_, length);
  }

  /// Fills the main part to its end.
  void finish() { extend(main_bits_); }

 private:
  /// Each word so far is found whatever follows it: doubles the table until it has 1 << bits.
  void extend(unsigned bits) {
    for (; bits_ < bits; ++bits_) {
      const auto half = entries_.first(std::size_t{1} << bits_);
      std::ranges::copy(half, entries_.begin() + static_cast<std::ptrdiff_t>(half.size()));
    }
  }

  void add_long(Entry entry, unsigned length) {
    const std::uint32_t prefix = word_ & ((std::uint32_t{1} << main_bits_) - 1);
    if (end_ == 0 || prefix != prefix_) open_subtable(prefix, length);
    for (std::size_t at = start_ + (word_ >> main_bits_); at < end_;
         at += std::size_t{1} << length) {
      entries_[at] = entry;
    }
  }

  /// Behind all others; large enough for the words with this prefix, of which the first has
  /// `length` bits more.
  void open_subtable(std::uint32_t prefix, unsigned length) {
    unsigned bits = length;
    for (std::uint32_t words = left_[main_bits_ + bits];
         words < std::uint32_t{1} << bits && main_bits_ + bits < most_bits;) {
      ++bits;
      words = 2 * words + left_[main_bits_ + bits];
    }
    prefix_ = prefix;
    start_ = end_ == 0 ? std::size_t{1} << main_bits_ : end_;
    end_ = start_ + (std::size_t{1} << bits);
    entries_[prefix] =
        subtable_ | static_cast<Entry>(start_) << value_shift | bits << 8 | main_bits_;
  }

  std::span<Entry> entries_;
  unsigned main_bits_;
  Entry subtable_;
  std::array<std::uint16_t, most_bits + 1> left_;
  std::uint32_t word_ = 0;
  unsigned bits_ = 0;
  std::uint32_t prefix_ = 0;
  std::size_t start_ = 0;
  std::size_t end_ = 0;
};

template <typename Table>
bool fill_table(Table& table, std::span<const std::uint8_t> lengths,
                std::span<const Entry> meanings, Entry subtable, Entry invalid) {
  const Words words = sort_by_length(lengths);
  Builder builder{table.entries, Table::main_bits, subtable, words};
  if (words.count <= 1 && words.of_length[1] == words.count) {
    // No word at all, or just "0".
    table.entries[0] = invalid;
    builder.finish();
    if (words.count == 0) return true;
    const Entry entry = meanings[words.symbols[0]] + one_bit;
    for (unsigned i = 0; i < 1u << Table::main_bits; i += 2) table.entries[i] = entry;
    return true;
  }
  if (!complete(words)) return false;
  for (unsigned i = 0; i < words.count; ++i) {
    const std::uint16_t coded = words.symbols[i];
    builder.add(meanings[coded], lengths[coded]);
  }
  builder.finish();
  return true;
}

}  // namespace

bool fill(LiteralTable& table, std::span<const std::uint8_t> lengths) {
  return fill_table(table, lengths, literal_meanings, symbol::unusual | symbol::subtable,
                    symbol::unusual | symbol::invalid);
}

bool fill(DistanceTable& table, std::span<const std::uint8_t> lengths) {
  return fill_table(table, lengths, distance_meanings, distance::unusual, distance::unusual);
}

bool fill(LengthTable& table, std::span<const std::uint8_t> lengths) {
  const auto words = lengths.size() - static_cast<std::size_t>(std::ranges::count(lengths, 0));
  return words > 1 && fill_table(table, lengths, length_meanings, 0, 0);
}

}  // namespace loader::codec
