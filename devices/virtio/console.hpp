// virtio-console: one port, whole strings of bytes at a time.
//
// Spec:    Virtio 1.2, 5.3 "Console Device", without VIRTIO_CONSOLE_F_MULTIPORT.
// Threads: configuration, and taking what the guest sends, on vCPU threads; the rest on the Loop's.
// Trust:   the guest sends at any pace; a slow reader holds the guest's next bytes back, not us.
//
// What the guest sends is taken in its own write to the doorbell: Linux spins until each piece of
// output has come back, and waking a task for it takes far longer than copying it.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <optional>
#include <vector>

#include "devices/output_progress.hpp"
#include "devices/terminal.hpp"
#include "devices/virtio/device.hpp"
#include "runtime/byte_stream.hpp"
#include "runtime/event.hpp"
#include "runtime/guarded.hpp"
#include "runtime/local_event.hpp"

namespace devices::virtio {

/// Aligned as a word, so that it can be loaded and stored like one.
struct alignas(std::uint32_t) ConsoleSize {
  std::uint16_t columns = 0;
  std::uint16_t rows = 0;
  friend bool operator==(ConsoleSize, ConsoleSize) = default;
};

class Console final : public Device {
 public:
  /// With a size the guest is told of it, and of each resize(). `stream` is used as a serial port
  /// uses its own, and outlives this object.
  Console(runtime::Executor executor, runtime::ByteStream& stream, std::optional<ConsoleSize> size);

  DeviceType type() const override { return DeviceType::Console; }
  Features features() const override;
  std::span<const std::uint16_t> queue_sizes() const override { return sizes_; }
  void read_config(std::uint64_t offset, std::span<std::byte> data) const override;
  void listen(ConfigListener& listener) override { listener_ = &listener; }
  bool answers_in_place(std::uint16_t queue) const override { return queue == transmit_queue; }
  void notified(std::uint16_t queue) override;
  runtime::Task<> serve(Queue& queue) override;

  void resize(ConsoleSize size);

  /// Returns when the stream has taken all that the guest had sent, once no vCPU runs any more. A
  /// stuck stream makes it wait for ever: bound it.
  runtime::Task<> drain();

  /// From any thread: bytes the guest has sent, and when the first was.
  [[nodiscard]] std::uint64_t sent_bytes() const { return progress_.sent_bytes(); }
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> first_byte_sent_at() const {
    return progress_.first_byte_at();
  }

 private:
  static constexpr std::uint16_t receive_queue = 0;
  static constexpr std::uint16_t transmit_queue = 1;
  static constexpr std::array<std::uint16_t, 2> sizes_{64, 64};

  /// What the guest has sent and the stream has not taken yet.
  struct Output {
    Queue* queue = nullptr;           // while a driver has it
    std::optional<Chain> unfinished;  // there was no room for all of it
    std::vector<std::byte> bytes;
    bool sending = false;  // transmit() is awake, and will look for more before it sleeps
  };

  runtime::Task<> receive(Queue& queue);
  runtime::Task<> transmit(Queue& queue);
  struct Taken {
    std::vector<std::byte> bytes;
    bool more;  ///< The ring was not empty yet.
  };

  /// Moves as much out of the ring as there is room for, but no more chains than it has places: a
  /// driver that never stops must not keep the Loop. Whether there are more.
  [[nodiscard]] bool take_in(Output& output);
  void append(Output& output, Chain chain);
  [[nodiscard]] Taken take_output();

  Terminal terminal_;
  OutputProgress progress_;
  runtime::Guarded<Output> output_;
  runtime::Event guest_wrote_;
  const bool has_size_;
  std::atomic<ConsoleSize> size_;
  ConfigListener* listener_ = nullptr;
  bool transmitting_ = false;  // a driver has the queue
  bool draining_ = false;
  runtime::LocalEvent drained_;
};

}  // namespace devices::virtio
