// What every transport does the same: it lets a driver set a device up, starts the device's tasks
// when the driver is ready, and stops them when it resets.
//
// Spec:    Virtio 1.2, 2.1, 2.6.1, 3.1.
// Threads: registers on vCPU threads, several at once; run() on the Loop's. A vCPU that resets a
//          running device, or one of its queues, waits here until no task touches the driver's
//          memory any more: some drivers free it right behind the write. release() ends that wait.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "devices/virtio/common_registers.hpp"
#include "devices/virtio/device.hpp"
#include "platform/guest_memory.hpp"
#include "runtime/event.hpp"
#include "runtime/scope.hpp"
#include "runtime/task.hpp"

namespace devices::virtio {

/// How a transport tells the driver something. From any thread.
class DriverInterrupts {
 public:
  virtual ~DriverInterrupts() = default;
  /// Chains of this queue have come back.
  virtual void raise_used(std::uint16_t queue) noexcept = 0;
  /// The device's configuration, or its status, has changed.
  virtual void raise_config() noexcept = 0;
};

class TransportCore final : private QueueEvents, private ConfigListener {
 public:
  /// All of it outlives this object.
  struct Parts {
    runtime::Executor executor;
    const platform::GuestMemory& memory;
    Device& device;
    DriverInterrupts& interrupts;
  };
  explicit TransportCore(const Parts& parts);

  /// Looks at the registers.
  template <typename Look>
  auto look(Look look) const {
    const std::lock_guard lock{mutex_};
    return look(registers_);
  }
  /// Changes them, and does what follows from it before it returns.
  template <typename Change>
  void update(Change change) {
    std::unique_lock lock{mutex_};
    change(registers_);
    settle(lock);
  }

  [[nodiscard]] const Device& device() const { return device_; }
  void read_config(std::uint64_t offset, std::span<std::byte> data) const {
    device_.read_config(offset, data);
  }
  void write_config(std::uint64_t offset, std::span<const std::byte> data) {
    device_.write_config(offset, data);
  }
  /// Changes whenever the configuration may have (2.5.1).
  [[nodiscard]] std::uint8_t config_generation() const { return config_generation_; }

  [[nodiscard]] std::uint16_t queue_count() const {
    return static_cast<std::uint16_t>(doorbells_.size());
  }
  /// What the driver rings, through KVM or notify(); null where a device answers in place, so that
  /// the driver's write must be an exit.
  [[nodiscard]] runtime::Event* doorbell(std::uint16_t queue) {
    return device_.answers_in_place(queue) ? nullptr : &doorbells_[queue];
  }
  /// The driver has made chains available. A queue that does not exist is none of ours.
  void notify(std::uint32_t queue);

  /// Serves drivers, one after another, until stopped.
  runtime::Task<> run();
  /// No vCPU waits here from now on: the guest will not run any more.
  void release();

 private:
  enum class Phase : std::uint8_t { Idle, Running, Ended };
  struct QueueTask {
    Phase phase = Phase::Idle;
    runtime::Scope* scope = nullptr;  ///< While it runs.
  };
  struct Orders {
    bool reset = false;
    std::vector<std::uint16_t> start;
    std::vector<std::uint16_t> stop;
  };

  void settle(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool settled() const;

  runtime::Task<> serve_drivers();
  runtime::Task<> serve_driver(runtime::Scope& tasks);
  runtime::Task<> serve_queue(std::uint16_t index);
  runtime::Task<> serve_ring(std::uint16_t index, Ring ring);
  [[nodiscard]] std::optional<Features> take_ready_driver();
  [[nodiscard]] Orders take_orders();
  [[nodiscard]] std::optional<Ring> make_ring(std::uint16_t index);
  void finish_reset();
  void finish_queue(std::uint16_t index);

  void used(std::uint16_t queue) noexcept override { interrupts_.raise_used(queue); }
  void broken(std::uint16_t queue) noexcept override;
  void config_changed() noexcept override;

  runtime::Executor executor_;
  const platform::GuestMemory& memory_;
  Device& device_;
  DriverInterrupts& interrupts_;
  std::atomic<std::uint8_t> config_generation_ = 0;
  std::deque<runtime::Event> doorbells_;
  runtime::Event changed_;

  mutable std::mutex mutex_;
  std::condition_variable settled_;
  CommonRegisters registers_;
  bool running_ = false;   // a driver is being served
  bool released_ = false;  // nobody waits any more

  std::vector<QueueTask> tasks_;  // the Loop's alone
};

}  // namespace devices::virtio
