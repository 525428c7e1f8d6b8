// Split virtqueue: three areas in guest RAM through which a driver lends us buffers and gets them
// back.
//
// Spec:    Virtio 1.2, 2.7 "Split Virtqueues".
// Threads: one task owns a ring. It notifies nobody and waits for nothing.
// Trust:   every index, address and size here was written by the guest.
#pragma once

#include <optional>

#include "devices/virtio/chain.hpp"
#include "devices/virtio/features.hpp"
#include "devices/virtio/ring_memory.hpp"

namespace devices::virtio {

class SplitRing {
 public:
  /// Nothing if the driver has put it where no ring can be: not RAM, misaligned, or its size is no
  /// power of 2 up to 1024. `memory` outlives the ring.
  [[nodiscard]] static std::optional<SplitRing> make(const platform::GuestMemory& memory,
                                                     const RingPlaces& places, Features features);

  /// The next chain, if the driver has made one available.
  [[nodiscard]] std::optional<Chain> pop();
  /// The last pop() did not happen: the next one gives the same chain.
  void unpop(const Chain& chain);
  /// Hands a chain back; the driver does not see it yet.
  void stage(const Chain& chain, std::uint32_t written_bytes);
  /// The driver sees all that was staged, at once; whether it wants to hear of it.
  [[nodiscard]] bool publish();
  /// Both.
  [[nodiscard]] bool push(const Chain& chain, std::uint32_t written_bytes) {
    stage(chain, written_bytes);
    return publish();
  }

  /// Asks to be notified of the next chain; whether there is one already.
  [[nodiscard]] bool expect_notification();
  /// No notifications are needed: we look by ourselves.
  void decline_notifications();

  /// The driver broke the rules: pop() gives nothing any more.
  [[nodiscard]] bool broken() const { return broken_; }
  [[nodiscard]] std::uint16_t size() const { return size_; }

 private:
  SplitRing(const platform::GuestMemory& memory, std::uint16_t size, Features features)
      : memory_{&memory}, size_{size}, features_{features} {}

  [[nodiscard]] bool available();
  [[nodiscard]] std::optional<Chain> walk(std::uint16_t head) const;
  [[nodiscard]] bool interrupt_wanted(std::uint16_t before) const;

  const platform::GuestMemory* memory_;
  std::uint16_t size_;
  Features features_;
  RingMemory descriptors_;
  RingMemory driver_;
  RingMemory device_;
  std::uint16_t next_available_ = 0;   // of the driver's ring, free-running
  std::uint16_t known_available_ = 0;  // how far we know it to reach
  std::uint16_t next_used_ = 0;        // of our ring, free-running
  std::uint16_t staged_ = 0;           // how many chains lie there that the driver does not see
  bool broken_ = false;
};

}  // namespace devices::virtio
