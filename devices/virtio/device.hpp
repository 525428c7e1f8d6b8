// A virtio device, free of any transport: what it is, its configuration bytes, and what it does
// with its queues.
//
// Spec:    Virtio 1.2, 2 "Basic Facilities of a Virtio Device", 5 "Device Types".
// Threads: configuration and notified() on vCPU threads, several at once; the rest on the Loop's.
// Trust:   offsets, sizes and written bytes of the configuration are the guest's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "devices/virtio/queue.hpp"
#include "runtime/task.hpp"

namespace devices::virtio {

enum class DeviceType : std::uint8_t { Network = 1, Block = 2, Console = 3, Entropy = 4 };

/// Whom a device tells that its configuration bytes have changed by themselves. From any thread.
class ConfigListener {
 public:
  virtual ~ConfigListener() = default;
  virtual void config_changed() noexcept = 0;
};

class Device {
 public:
  virtual ~Device() = default;

  [[nodiscard]] virtual DeviceType type() const = 0;
  /// Bits of this kind of device, and Feature::InOrder if it answers in order. Transports add what
  /// they and the rings can.
  [[nodiscard]] virtual Features features() const = 0;
  /// The largest size of each queue.
  [[nodiscard]] virtual std::span<const std::uint16_t> queue_sizes() const = 0;

  /// Fills `data` with the configuration bytes at `offset`; what lies beyond them reads as zero.
  virtual void read_config(std::uint64_t offset, std::span<std::byte> data) const = 0;
  virtual void write_config(std::uint64_t /*offset*/, std::span<const std::byte> /*data*/) {}
  /// Once, before anything else; `listener` outlives the device's tasks.
  virtual void listen(ConfigListener& /*listener*/) {}

  /// The driver is ready (DRIVER_OK) and has accepted these features: before the first serve().
  virtual void activate(Features /*accepted*/) {}

  /// Answers the chains of one queue, all queues side by side. Ends when the queue is closed and
  /// all its chains have gone back; stopped, it may leave them unanswered. Guest mistakes are
  /// answered as the device's specification says; HostError is for what ends the machine.
  virtual runtime::Task<> serve(Queue& queue) = 0;

  /// Whether the driver's notifications of this queue are to come as notified(), on the vCPU's own
  /// thread, and not through kicked(). For a driver that does nothing but wait for the answer.
  [[nodiscard]] virtual bool answers_in_place(std::uint16_t /*queue*/) const { return false; }
  /// Any vCPU's thread, several at once; waits for nothing. Also while nobody serves the queue.
  virtual void notified(std::uint16_t /*queue*/) {}

  /// What the device does by itself, driver or not, until stopped.
  virtual runtime::Task<> run() { co_return; }
};

/// Reads at an offset of a configuration structure, with zeroes behind its end.
template <typename Config>
requires std::is_trivially_copyable_v<Config>
void read_config_of(const Config& config, std::uint64_t offset, std::span<std::byte> data) {
  const auto bytes = std::as_bytes(std::span{&config, 1});
  std::ranges::fill(data, std::byte{0});
  if (offset >= bytes.size()) return;
  const auto rest = bytes.subspan(offset);
  std::ranges::copy(rest.first(std::min(rest.size(), data.size())), data.begin());
}

}  // namespace devices::virtio
