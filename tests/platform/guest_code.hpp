// Machine code of guests of a few instructions, for this architecture's processors.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "platform/address.hpp"

class GuestCode {
 public:
  /// How many bytes `store` and `copy` can move.
  [[nodiscard]] static std::span<const std::size_t> widths();

  GuestCode& store(platform::GuestAddress to, std::size_t width_bytes, std::uint64_t value);
  GuestCode& copy(platform::GuestAddress from, platform::GuestAddress to, std::size_t width_bytes);
  /// For ever.
  GuestCode& spin();
  /// Without interrupts, and again when woken all the same.
  GuestCode& halt();

  /// Instructions as the architecture's manual spells them: bytes or words.
  template <std::unsigned_integral Unit>
  GuestCode& add(std::initializer_list<Unit> units) {
    return add(std::as_bytes(std::span{units.begin(), units.size()}));
  }
  GuestCode& add(const GuestCode& more) { return add(more.bytes()); }
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  GuestCode& add(std::span<const std::byte> bytes);

  std::vector<std::byte> bytes_;
};
