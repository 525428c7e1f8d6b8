// What driver and device write to each other in guest memory, byte for byte.
//
// Spec: Virtio 1.2, 2.7 "Split Virtqueues", 2.8 "Packed Virtqueues". All fields are little-endian,
//       as both our architectures are.
#pragma once

#include <cstdint>

namespace devices::virtio {

/// The longest ring, and the longest chain, we take (the specification allows 32768).
inline constexpr std::uint16_t largest_queue_size = 1024;

/// Bits of a descriptor's flags, of either ring format.
enum class DescriptorFlags : std::uint16_t {
  Next = 1 << 0,       ///< The chain goes on.
  Write = 1 << 1,      ///< Ours to write; else to read.
  Indirect = 1 << 2,   ///< The buffer is a table of descriptors.
  Available = 1 << 7,  ///< Packed only: equals the driver's wrap counter if made available.
  Used = 1 << 15,      ///< Packed only: equals our wrap counter if used.
};

namespace split {

struct Descriptor {
  std::uint64_t address;
  std::uint32_t size_bytes;
  std::uint16_t flags;
  std::uint16_t next;
};
static_assert(sizeof(Descriptor) == 16);

struct UsedElement {
  std::uint32_t id;  ///< The head of the chain.
  std::uint32_t written_bytes;
};
static_assert(sizeof(UsedElement) == 8);

// Driver area: flags, idx, ring[size], used_event. Device area: flags, idx, ring[size],
// avail_event.
inline constexpr std::uint64_t flags_offset = 0;
inline constexpr std::uint64_t index_offset = 2;
inline constexpr std::uint64_t ring_offset = 4;
/// avail.flags: no interrupts wanted; used.flags: no notifications wanted.
inline constexpr std::uint16_t not_wanted = 1;

[[nodiscard]] constexpr std::uint64_t descriptor_table_bytes(std::uint16_t size) {
  return sizeof(Descriptor) * std::uint64_t{size};
}
[[nodiscard]] constexpr std::uint64_t driver_area_bytes(std::uint16_t size) {
  return ring_offset + sizeof(std::uint16_t) * (std::uint64_t{size} + 1);
}
[[nodiscard]] constexpr std::uint64_t device_area_bytes(std::uint16_t size) {
  return ring_offset + sizeof(UsedElement) * std::uint64_t{size} + sizeof(std::uint16_t);
}

}  // namespace split

namespace packed {

struct Descriptor {
  std::uint64_t address;
  std::uint32_t size_bytes;
  std::uint16_t id;
  std::uint16_t flags;
};
static_assert(sizeof(Descriptor) == 16);

/// Both areas beside the ring: which events the side that wrote it wants.
struct EventSuppression {
  std::uint16_t place;  ///< Descriptor offset (15 bits) and wrap counter (bit 15).
  std::uint16_t flags;
};
static_assert(sizeof(EventSuppression) == 4);

enum class EventFlags : std::uint16_t { Enable = 0, Disable = 1, AtPlace = 2 };

}  // namespace packed

}  // namespace devices::virtio
