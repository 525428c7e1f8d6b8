#include "tests/platform/guest_code.hpp"

#include <array>

#include "tests/platform/arm64/instructions.hpp"

namespace {

constexpr a64::X address{9}, value{10};

}  // namespace

std::span<const std::size_t> GuestCode::widths() {
  static constexpr std::array<std::size_t, 4> all{1, 2, 4, 8};
  return all;
}

GuestCode& GuestCode::store(platform::GuestAddress to, std::size_t width_bytes,
                            std::uint64_t stored) {
  add(a64::set(address, to.value)).add(a64::set(value, stored));
  return add(a64::store(value, address, width_bytes));
}

GuestCode& GuestCode::copy(platform::GuestAddress from, platform::GuestAddress to,
                           std::size_t width_bytes) {
  add(a64::set(address, from.value)).add(a64::load(value, address, width_bytes));
  add(a64::set(address, to.value)).add(a64::store(value, address, width_bytes));
  return *this;
}

GuestCode& GuestCode::spin() {
  return add({0x1400'0000u});  // b .
}

GuestCode& GuestCode::halt() {
  return add({0xD503'207Fu, 0x17FF'FFFFu});  // again: wfi; b again
}
