// Packed virtqueue: one ring of descriptors that driver and device take turns in.
//
// Spec:    Virtio 1.2, 2.8 "Packed Virtqueues".
// Threads: one task owns a ring. It notifies nobody and waits for nothing.
// Trust:   every flag, address and size here was written by the guest.
#pragma once

#include <optional>

#include "devices/virtio/chain.hpp"
#include "devices/virtio/features.hpp"
#include "devices/virtio/ring_memory.hpp"

namespace devices::virtio {

/// The same calls as SplitRing's; they mean the same.
class PackedRing {
 public:
  /// Nothing if the driver has put it where no ring can be: not RAM, misaligned, or of a size
  /// beyond 1 to 1024.
  [[nodiscard]] static std::optional<PackedRing> make(const platform::GuestMemory& memory,
                                                      const RingPlaces& places, Features features);

  [[nodiscard]] std::optional<Chain> pop();
  void unpop(const Chain& chain);
  void stage(const Chain& chain, std::uint32_t written_bytes);
  [[nodiscard]] bool publish();
  [[nodiscard]] bool push(const Chain& chain, std::uint32_t written_bytes) {
    stage(chain, written_bytes);
    return publish();
  }

  [[nodiscard]] bool expect_notification();
  void decline_notifications();

  [[nodiscard]] bool broken() const { return broken_; }
  [[nodiscard]] std::uint16_t size() const { return size_; }

 private:
  /// A place of the ring, and which time round it is.
  struct Position {
    std::uint16_t index = 0;
    bool wrap = true;

    void advance(std::uint16_t count, std::uint16_t size);
    void retreat(std::uint16_t count, std::uint16_t size);
  };

  /// Chains handed back behind one that the driver does not see yet: it looks at them in turn.
  struct Staged {
    std::uint16_t descriptors = 0;
    std::uint16_t first = 0;  ///< Its place, and the flags that will show it.
    std::uint16_t first_flags = 0;
  };

  PackedRing(const platform::GuestMemory& memory, std::uint16_t size, Features features)
      : memory_{&memory}, size_{size}, features_{features} {}

  [[nodiscard]] bool available() const;
  [[nodiscard]] std::optional<Chain> walk() const;
  [[nodiscard]] bool interrupt_wanted(std::uint16_t count) const;

  const platform::GuestMemory* memory_;
  std::uint16_t size_;
  Features features_;
  RingMemory ring_;
  RingMemory driver_;
  RingMemory device_;
  Position next_available_;
  Position next_used_;
  Staged staged_;
  bool broken_ = false;
};

}  // namespace devices::virtio
