// Guest memory that driver and device both write while the other looks.
//
// Spec:  Virtio 1.2, 2.7.13 "Supplying Buffers to The Device", 2.8.21 (where barriers are needed).
// Trust: the guest may change any byte between two looks: load once, check the copy.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

#include "platform/guest_memory.hpp"

namespace devices::virtio {

/// Where a driver has put a ring, and what it is to be like.
struct RingPlaces {
  std::uint16_t size = 0;
  platform::GuestAddress descriptors = {};  ///< Split: the table. Packed: the ring.
  platform::GuestAddress driver_area = {};
  platform::GuestAddress device_area = {};
};

class RingMemory {
 public:
  RingMemory() = default;
  /// Nothing unless the range is RAM and aligned.
  [[nodiscard]] static std::optional<RingMemory> at(const platform::GuestMemory& memory,
                                                    platform::GuestAddress start,
                                                    std::uint64_t size_bytes,
                                                    std::uint64_t alignment) {
    const std::span<std::byte> bytes = memory.host_bytes({start, size_bytes});
    if (bytes.empty() || start.value % alignment != 0) return std::nullopt;
    return RingMemory{bytes};
  }

  // Offsets are the ring's own and inside it.

  template <typename T>
  [[nodiscard]] T load(std::uint64_t offset, std::memory_order order) const {
    return std::atomic_ref<T>{*reinterpret_cast<T*>(bytes_.data() + offset)}.load(order);
  }
  template <typename T>
  void store(std::uint64_t offset, std::type_identity_t<T> value, std::memory_order order) const {
    std::atomic_ref<T>{*reinterpret_cast<T*>(bytes_.data() + offset)}.store(value, order);
  }
  /// Not atomic: for what the other side does not touch now.
  template <typename T>
  [[nodiscard]] T copy(std::uint64_t offset) const {
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  template <typename T>
  void put(std::uint64_t offset, const T& value) const {
    std::memcpy(bytes_.data() + offset, &value, sizeof value);
  }

 private:
  explicit RingMemory(std::span<std::byte> bytes) : bytes_{bytes} {}

  std::span<std::byte> bytes_;
};

/// What we wrote before is seen before we look at what the other side writes after.
inline void full_barrier() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

/// Whether going from `before` to `after` passes the place somebody wants to hear of (2.7.10.1).
[[nodiscard]] constexpr bool passes(std::uint16_t before, std::uint16_t after,
                                    std::uint16_t place) {
  return static_cast<std::uint16_t>(after - place - 1) < static_cast<std::uint16_t>(after - before);
}

}  // namespace devices::virtio
