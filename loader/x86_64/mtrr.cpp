#include "loader/x86_64/mtrr.hpp"

#include <algorithm>
#include <cstdint>

#include "runtime/units.hpp"

namespace loader::x86_64 {
namespace {

using platform::GuestAddress;
using Msrs = std::vector<MsrValue>;
using namespace runtime::literals;

constexpr std::uint32_t msr_first_variable = 0x200;  // base and mask in turn
constexpr std::uint32_t msr_fix_64k_00000 = 0x250;
constexpr std::uint32_t msr_fix_16k_80000 = 0x258;
constexpr std::uint32_t msr_fix_16k_a0000 = 0x259;
constexpr std::uint32_t msr_fix_4k_c0000 = 0x268;  // and seven more
constexpr std::uint32_t msr_default_type = 0x2FF;

constexpr std::uint64_t write_back = 6;
constexpr std::uint64_t all_write_back = 0x0606'0606'0606'0606;
constexpr std::uint64_t all_uncached = 0;
// Both kinds enabled; what no register covers is uncached (type 0).
constexpr std::uint64_t enabled_default_uncached = 0xC00;

constexpr GuestAddress first_split{128_MiB};
// Masks do not reach further, so that the ranges below and above it stay apart.
constexpr GuestAddress second_split{8_TiB};

void add_fixed(Msrs& msrs) {
  msrs.push_back({msr_fix_64k_00000, all_write_back});
  msrs.push_back({msr_fix_16k_80000, all_write_back});
  msrs.push_back({msr_fix_16k_a0000, all_uncached});
  for (std::uint32_t index = 0; index < 8; ++index) {
    msrs.push_back({msr_fix_4k_c0000 + index, all_uncached});
  }
}

/// A mask that ignores every address bit up to the highest one set in `last`: the range it makes
/// has the size of a power of two and may be larger than asked for.
std::uint64_t mask_up_to(std::uint64_t last, unsigned address_bits) {
  constexpr std::uint64_t valid = 1 << 11;
  std::uint64_t mask = valid;
  for (unsigned bit = 12; bit < address_bits; ++bit) {
    if (last < std::uint64_t{1} << bit) mask |= std::uint64_t{1} << bit;
  }
  return mask;
}

/// Collects write-back ranges into the variable registers.
class VariableRanges {
 public:
  VariableRanges(Msrs& msrs, unsigned address_bits) : msrs_{msrs}, address_bits_{address_bits} {}

  void add(GuestAddress start, std::uint64_t last) {
    msrs_.push_back({next_++, start.value | write_back});
    msrs_.push_back({next_++, mask_up_to(last, address_bits_)});
  }

 private:
  Msrs& msrs_;
  unsigned address_bits_;
  std::uint32_t next_ = msr_first_variable;
};

void add_variable(Msrs& msrs, const MtrrLayout& layout) {
  const unsigned bits = std::clamp(layout.physical_address_bits, 36u, 52u);
  const GuestAddress ram_end = layout.ram_end;
  VariableRanges ranges{msrs, bits};
  ranges.add({0}, first_split.value - 1);
  if (ram_end > first_split) ranges.add(first_split, layout.low_mmio.start.value - 1);
  if (ram_end <= layout.low_mmio.end()) return;
  if (!layout.high_mmio) {
    ranges.add(layout.low_mmio.end(), std::min(second_split, ram_end).value - 1);
    if (ram_end > second_split) ranges.add(second_split, ram_end.value - 1);
    return;
  }
  ranges.add(layout.low_mmio.end(), layout.high_mmio->start.value - 1);
  if (ram_end <= layout.high_mmio->end()) return;
  constexpr unsigned second_split_bit = 43;
  ranges.add(layout.high_mmio->end(), (std::uint64_t{1} << std::min(bits, second_split_bit)) - 1);
  if (bits > second_split_bit) ranges.add(second_split, (std::uint64_t{1} << bits) - 1);
}

}  // namespace

std::vector<MsrValue> mtrrs(const MtrrLayout& layout) {
  Msrs msrs;
  add_fixed(msrs);
  add_variable(msrs, layout);
  msrs.push_back({msr_default_type, enabled_default_uncached});
  return msrs;
}

}  // namespace loader::x86_64
