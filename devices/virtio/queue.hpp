// A virtqueue as a device sees it: chains come, are answered, and go back.
//
// Spec:    Virtio 1.2, 2.6 "Virtqueues".
// Threads: the Loop's; the doorbell alone is rung from elsewhere. Where a device answers in place
//          (device.hpp), it is the device that lets one thread at a time in.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "devices/virtio/chain.hpp"
#include "devices/virtio/features.hpp"
#include "devices/virtio/packed_ring.hpp"
#include "devices/virtio/split_ring.hpp"
#include "runtime/event.hpp"
#include "runtime/local_event.hpp"
#include "runtime/task.hpp"

namespace devices::virtio {

/// What a queue tells its transport.
class QueueEvents {
 public:
  virtual ~QueueEvents() = default;
  /// The driver wants to hear that chains of this queue have come back.
  virtual void used(std::uint16_t queue) noexcept = 0;
  /// The driver broke the ring's rules: nothing more comes out of it.
  virtual void broken(std::uint16_t queue) noexcept = 0;
};

using Ring = std::variant<SplitRing, PackedRing>;

class Queue {
 public:
  /// `doorbell` and `events` outlive the queue.
  Queue(std::uint16_t index, Ring ring, Features features, runtime::Event& doorbell,
        QueueEvents& events);
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  /// Which of its device's queues this is, from 0.
  [[nodiscard]] std::uint16_t index() const { return index_; }
  /// What driver and device agreed on.
  [[nodiscard]] Features features() const { return features_; }

  /// Waits until there may be a chain to pop; false once the queue is closed. One task at a time.
  /// Always lets other tasks run first.
  runtime::Task<bool> kicked();

  /// The next chain, if the driver has made one available. After as many as the ring has places it
  /// gives none until kicked() was awaited again: no driver can keep the Loop to itself.
  [[nodiscard]] std::optional<Chain> pop();
  /// The same as kicked(), for who answers in place and waits for nothing.
  void start_turn() { popped_ = 0; }

  /// While it lives, chains that are pushed interrupt nobody; its end tells the driver of all of
  /// them at once. For those answered in place, one after the other.
  class Gathered {
   public:
    explicit Gathered(Queue& queue) : queue_{queue} { queue_.gathers_ = true; }
    ~Gathered() {
      queue_.gathers_ = false;
      queue_.tell();
    }
    Gathered(const Gathered&) = delete;
    Gathered& operator=(const Gathered&) = delete;

   private:
    Queue& queue_;
  };

  /// Returns a chain to the driver, with so many bytes written from its first writable byte on.
  void push(Chain chain, std::uint32_t written_bytes);

  // The same for chains that belong together: the driver sees all of them or none.

  void stage(Chain chain, std::uint32_t written_bytes);
  /// After at least one stage().
  void publish();

  // The same for who answers in place, and would interrupt the driver at each of its own writes:

  /// The driver sees the chain at once, but hears of it with the next tell().
  void push_silently(Chain chain, std::uint32_t written_bytes);
  /// One interrupt for all that was pushed silently, if the driver wants any.
  void tell();

  /// The chain was never popped: the next pop() gives it again. For the latest ones popped, the
  /// very last of them first.
  void unpop(Chain chain);

  /// Whether the driver has made nothing available that was not popped.
  [[nodiscard]] bool empty();

  /// Waits until the queue is closed; one task at a time. For the sake of tasks that wait for
  /// something else than the driver.
  runtime::Task<> until_closed();

  /// kicked() looks again, as if the driver had rung.
  void ring() { doorbell_.notify(); }

  /// From here on kicked() says false and pop() gives nothing. push() still works: what is in
  /// flight is answered.
  void close();

 private:
  std::uint16_t index_;
  Ring ring_;
  Features features_;
  runtime::Event& doorbell_;
  QueueEvents& events_;
  [[nodiscard]] bool publish_wanted();
  void break_ring();

  runtime::LocalEvent* closing_ = nullptr;  // somebody waits for the end
  std::uint16_t in_flight_ = 0;
  std::uint16_t popped_ = 0;  // since kicked() last let others run
  bool gathers_ = false;      // somebody will tell the driver
  bool untold_ = false;       // the driver wants to hear of what was pushed silently
  bool closed_ = false;
};

}  // namespace devices::virtio
