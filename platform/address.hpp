// Addresses a guest uses, kept apart from the host's by their type.
#pragma once

#include <compare>
#include <cstdint>

namespace platform {

/// A byte's place in guest-physical memory.
struct GuestAddress {
  std::uint64_t value = 0;

  friend constexpr auto operator<=>(GuestAddress, GuestAddress) = default;
  friend constexpr GuestAddress operator+(GuestAddress address, std::uint64_t offset_bytes) {
    return {address.value + offset_bytes};
  }
  friend constexpr std::uint64_t operator-(GuestAddress end, GuestAddress start) {
    return end.value - start.value;
  }
};

/// Half-open: [start, start + size_bytes). Whoever makes one sees to it that the end does not wrap.
struct AddressRange {
  GuestAddress start;
  std::uint64_t size_bytes = 0;

  [[nodiscard]] constexpr GuestAddress end() const { return start + size_bytes; }
  [[nodiscard]] constexpr bool contains(GuestAddress address) const {
    return address.value - start.value < size_bytes;
  }
  /// Holds for any `other`, even one whose end would wrap.
  [[nodiscard]] constexpr bool contains(AddressRange other) const {
    const std::uint64_t offset_bytes = other.start.value - start.value;
    return offset_bytes <= size_bytes && other.size_bytes <= size_bytes - offset_bytes;
  }
  [[nodiscard]] constexpr bool overlaps(AddressRange other) const {
    return start < other.end() && other.start < end();
  }
  friend constexpr bool operator==(AddressRange, AddressRange) = default;
};

/// A place in the x86 I/O port space.
struct Port {
  std::uint16_t value = 0;
  friend constexpr auto operator<=>(Port, Port) = default;
};

/// At least one, none beyond the last there is.
struct PortRange {
  Port first;
  std::uint32_t count = 1;

  [[nodiscard]] constexpr Port last() const {
    return {static_cast<std::uint16_t>(first.value + count - 1)};
  }
  friend constexpr bool operator==(PortRange, PortRange) = default;
};

}  // namespace platform
