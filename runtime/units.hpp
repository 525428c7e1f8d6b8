// Sizes with their unit, and alignment to powers of two.
#pragma once

#include <bit>
#include <cassert>
#include <concepts>
#include <cstdint>
#include <type_traits>

namespace runtime {

inline namespace literals {

consteval std::uint64_t operator""_KiB(unsigned long long count) {
  return count << 10;
}
consteval std::uint64_t operator""_MiB(unsigned long long count) {
  return count << 20;
}
consteval std::uint64_t operator""_GiB(unsigned long long count) {
  return count << 30;
}
consteval std::uint64_t operator""_TiB(unsigned long long count) {
  return count << 40;
}

}  // namespace literals

/// `alignment` is a power of two in all three.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T align_down(T value, std::type_identity_t<T> alignment) {
  assert(std::has_single_bit(alignment));
  return static_cast<T>(value & ~(alignment - 1));
}

/// Wraps to 0 within one alignment of the type's end: check untrusted values first.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T align_up(T value, std::type_identity_t<T> alignment) {
  return align_down(static_cast<T>(value + (alignment - 1)), alignment);
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr bool is_aligned(T value, std::type_identity_t<T> alignment) {
  return align_down(value, alignment) == value;
}

}  // namespace runtime
