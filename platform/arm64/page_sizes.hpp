// Which page sizes a processor translates addresses in. A kernel is built for one, and hangs where
// the processors lack it.
//
// Spec: Arm Architecture Reference Manual (DDI 0487), ID_AA64MMFR0_EL1: TGran4, TGran16, TGran64.
#pragma once

#include <cstdint>

#include "runtime/units.hpp"

namespace platform::arm64 {

/// By the register's value; `page_bytes` is 4, 16 or 64 KiB, and the processor has no others.
[[nodiscard]] constexpr bool has_pages_of(std::uint64_t id_aa64mmfr0, std::uint64_t page_bytes) {
  using namespace runtime::literals;
  const auto field = [&](unsigned lowest_bit) { return id_aa64mmfr0 >> lowest_bit & 0xF; };
  // Signed fields, but for TGran16: negative is "none".
  constexpr std::uint64_t sign = 8;
  switch (page_bytes) {
    case 4_KiB:
      return field(28) < sign;
    case 16_KiB:
      return field(20) != 0;
    case 64_KiB:
      return field(24) < sign;
    default:
      return false;
  }
}

}  // namespace platform::arm64
