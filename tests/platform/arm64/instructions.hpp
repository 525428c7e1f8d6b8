// The instructions AArch64 guests are made of.
//
// Spec: Arm ARM (DDI 0487), C6.2 "Alphabetical list of A64 base instructions".
#pragma once

#include <bit>
#include <cstdint>

#include "tests/platform/guest_code.hpp"

namespace a64 {

/// X0 to X30.
struct X {
  std::uint32_t number;
};

inline GuestCode word(std::uint32_t instruction) {
  return GuestCode{}.add({instruction});
}

/// MOVZ, and MOVK for each further 16 bits.
inline GuestCode set(X to, std::uint64_t value) {
  GuestCode code;
  for (std::uint32_t part = 0; part < 4; ++part) {
    const std::uint32_t opcode = part == 0 ? 0xD280'0000 : 0xF280'0000;
    const auto bits = static_cast<std::uint32_t>(value >> part * 16 & 0xFFFF);
    code.add({opcode | part << 21 | bits << 5 | to.number});
  }
  return code;
}

/// LDR and STR, LDRB to STRH: `from` and `to` hold an address.
inline GuestCode load(X into, X from, std::size_t width_bytes) {
  const auto size = static_cast<std::uint32_t>(std::countr_zero(width_bytes));
  return word(0x3940'0000 | size << 30 | from.number << 5 | into.number);
}
inline GuestCode store(X what, X to, std::size_t width_bytes) {
  const auto size = static_cast<std::uint32_t>(std::countr_zero(width_bytes));
  return word(0x3900'0000 | size << 30 | to.number << 5 | what.number);
}

/// LDP X0, X1, [X`from`]: not one access, so the processor does not describe it to a hypervisor.
inline GuestCode load_pair(X from) {
  return word(0xA940'0400 | from.number << 5);
}

/// B: back to the beginning of so much code.
inline GuestCode back_over(const GuestCode& code) {
  const auto words = static_cast<std::uint32_t>(code.bytes().size() / 4);
  return word(0x1400'0000 | (-words & 0x3FF'FFFF));
}

inline GuestCode hvc() {
  return word(0xD400'0002);
}

}  // namespace a64
