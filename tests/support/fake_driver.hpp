// The driver's side of one virtqueue, in either ring format.
//
// Spec: Virtio 1.2, 2.7.13 "Supplying Buffers to The Device", 2.8.21. Written from the driver's
//       rules, not from our rings: where the two disagree, one of them is wrong.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "devices/virtio/queue.hpp"
#include "devices/virtio/ring_layout.hpp"
#include "platform/guest_memory.hpp"

class FakeDriver {
 public:
  using Features = devices::virtio::Features;
  struct Buffer {
    platform::GuestAddress address;
    std::uint32_t size_bytes;
    std::uint16_t flags;  ///< Write, or what a test wants to be wrong.
  };
  struct Used {
    std::uint16_t id;
    std::uint32_t written_bytes;
  };

  /// Buffers to lend; what became of them is asked for by the id that available() returned.
  class Chain {
   public:
    explicit Chain(FakeDriver& driver) : driver_{driver} {}
    Chain& readable(std::span<const std::byte> bytes);
    Chain& readable(std::string_view text);
    template <typename T>
    Chain& readable_value(const T& value) {
      return readable(std::as_bytes(std::span{&value, 1}));
    }
    Chain& writable(std::uint32_t size_bytes);
    Chain& buffer(const Buffer& buffer);
    /// All of them in one table of their own.
    Chain& indirect();
    /// Gives them to the device; the id they come back with.
    std::uint16_t available();

   private:
    FakeDriver& driver_;
    std::vector<Buffer> buffers_;
    bool indirect_ = false;
  };

  /// Ring and buffers live in memory from `start` on. Features say which format.
  FakeDriver(platform::GuestMemory& memory, Features features, std::uint16_t size = 16,
             platform::GuestAddress start = {0x10000});

  [[nodiscard]] Chain chain() { return Chain{*this}; }
  /// Whether the device wants to be told of what was made available since this was last asked.
  [[nodiscard]] bool notification_wanted();
  [[nodiscard]] std::optional<Used> take_used();
  /// What is in the writable buffers of a chain.
  [[nodiscard]] std::vector<std::byte> written(std::uint16_t id) const;
  [[nodiscard]] std::string written_text(std::uint16_t id) const;

  /// No interrupts, please; or, with an event index, only once `chains` more have come back.
  void want_no_interrupts();
  void want_interrupts();
  void want_interrupt_after(std::uint16_t chains);

  [[nodiscard]] devices::virtio::RingPlaces places() const { return places_; }
  [[nodiscard]] Features features() const { return features_; }
  /// The device's side, as a transport would make it.
  [[nodiscard]] std::optional<devices::virtio::Ring> make_ring() const;

  [[nodiscard]] platform::GuestMemory& memory() { return memory_; }
  [[nodiscard]] platform::GuestAddress allocate(std::uint64_t size_bytes);

 private:
  [[nodiscard]] bool packed() const { return features_.has(devices::virtio::Feature::RingPacked); }
  std::uint16_t make_available(const std::vector<Buffer>& buffers);
  std::uint16_t make_available_split(const std::vector<Buffer>& buffers);
  std::uint16_t make_available_packed(const std::vector<Buffer>& buffers);
  Buffer make_table(const std::vector<Buffer>& buffers);
  [[nodiscard]] std::optional<Used> take_used_split();
  [[nodiscard]] std::optional<Used> take_used_packed();
  template <typename T>
  [[nodiscard]] T load(platform::GuestAddress from) const;
  template <typename T>
  void store(platform::GuestAddress to, const T& value);

  platform::GuestMemory& memory_;
  Features features_;
  devices::virtio::RingPlaces places_;
  platform::GuestAddress next_free_;

  struct Lent {
    std::vector<Buffer> buffers;
    std::vector<std::uint16_t> descriptors;  // those it takes up; split: to be free again
  };
  std::map<std::uint16_t, Lent> lent_;
  std::map<std::uint16_t, Lent> returned_;
  std::vector<Buffer> last_buffers_;  // as the test gave them, before any table

  std::vector<std::uint16_t> free_;    // split
  std::uint16_t available_index_ = 0;  // split: free-running; packed: place in the ring
  std::uint16_t used_index_ = 0;       // likewise
  bool available_wrap_ = true;         // packed
  bool used_wrap_ = true;              // packed
  std::uint16_t notified_at_ = 0;      // available chains or descriptors, free-running
  std::uint16_t made_available_ = 0;   // likewise
};
