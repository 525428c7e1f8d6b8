#include "devices/virtio/transport_core.hpp"

#include <algorithm>
#include <utility>

#include "runtime/finally.hpp"

namespace devices::virtio {
namespace {

using runtime::Scope;
using runtime::Task;

constexpr Features offered_by_all{Feature::IndirectDescriptors, Feature::EventIndex,
                                  Feature::Version1, Feature::RingPacked, Feature::RingReset};

}  // namespace

TransportCore::TransportCore(const Parts& parts)
    : executor_{parts.executor},
      memory_{parts.memory},
      device_{parts.device},
      interrupts_{parts.interrupts},
      changed_{parts.executor},
      registers_{parts.device.features() | offered_by_all, parts.device.queue_sizes()},
      tasks_(parts.device.queue_sizes().size()) {
  for (std::size_t i = 0; i < tasks_.size(); ++i) doorbells_.emplace_back(executor_);
  device_.listen(*this);
}

void TransportCore::notify(std::uint32_t queue) {
  if (queue >= doorbells_.size()) return;
  const auto index = static_cast<std::uint16_t>(queue);
  if (device_.answers_in_place(index)) {
    device_.notified(index);
  } else {
    doorbells_[index].notify();
  }
}

bool TransportCore::settled() const {
  return !registers_.reset_requested() &&
         std::ranges::none_of(registers_.queues(), &QueueRegisters::reset_requested);
}

void TransportCore::settle(std::unique_lock<std::mutex>& lock) {
  if (running_) {
    changed_.notify();
    settled_.wait(lock, [this] { return released_ || settled(); });
    return;
  }
  // Nobody holds any of it: what was asked for can be done right here.
  if (registers_.reset_requested()) registers_.reset();
  for (std::uint16_t i = 0; i < queue_count(); ++i) {
    if (registers_.queues()[i].reset_requested) registers_.reset_queue(i);
  }
  if (registers_.driver_ok()) changed_.notify();
}

void TransportCore::release() {
  const std::lock_guard lock{mutex_};
  released_ = true;
  settled_.notify_all();
}

Task<> TransportCore::run() {
  const runtime::Finally gone{[this] { release(); }};
  co_await runtime::all(device_.run(), serve_drivers());
}

Task<> TransportCore::serve_drivers() {
  for (;;) {
    const auto accepted = take_ready_driver();
    if (!accepted) {
      co_await changed_.wait();
      continue;
    }
    device_.activate(*accepted);
    co_await runtime::with_scope([this](Scope& tasks) { return serve_driver(tasks); });
    finish_reset();
  }
}

std::optional<Features> TransportCore::take_ready_driver() {
  const std::lock_guard lock{mutex_};
  if (!registers_.driver_ok()) return std::nullopt;
  running_ = true;
  return registers_.accepted();
}

Task<> TransportCore::serve_driver(Scope& tasks) {
  for (;;) {
    const Orders orders = take_orders();
    if (orders.reset) {
      tasks.request_stop();
      co_return;
    }
    for (const std::uint16_t index : orders.stop) tasks_[index].scope->request_stop();
    for (const std::uint16_t index : orders.start) tasks.spawn(serve_queue(index));
    co_await changed_.wait();
  }
}

TransportCore::Orders TransportCore::take_orders() {
  const std::lock_guard lock{mutex_};
  Orders orders{.reset = registers_.reset_requested(), .start = {}, .stop = {}};
  for (std::uint16_t i = 0; i < queue_count(); ++i) {
    const QueueRegisters& queue = registers_.queues()[i];
    if (queue.reset_requested && tasks_[i].phase == Phase::Running) {
      orders.stop.push_back(i);
    } else if (queue.reset_requested) {
      tasks_[i].phase = Phase::Idle;
      registers_.reset_queue(i);
      settled_.notify_all();
    } else if (queue.enabled && tasks_[i].phase == Phase::Idle) {
      tasks_[i].phase = Phase::Running;
      orders.start.push_back(i);
    }
  }
  return orders;
}

Task<> TransportCore::serve_queue(std::uint16_t index) {
  const runtime::Finally ended{[this, index] { finish_queue(index); }};
  auto ring = make_ring(index);
  if (ring) {
    co_await serve_ring(index, std::move(*ring));
  } else {
    broken(index);
  }
}

std::optional<Ring> TransportCore::make_ring(std::uint16_t index) {
  const auto [places, features] = look([index](const CommonRegisters& registers) {
    return std::pair{registers.queues()[index].places, registers.accepted()};
  });
  if (features.has(Feature::RingPacked)) return PackedRing::make(memory_, places, features);
  return SplitRing::make(memory_, places, features);
}

Task<> TransportCore::serve_ring(std::uint16_t index, Ring ring) {
  const Features features = look([](const CommonRegisters& seen) { return seen.accepted(); });
  Queue queue{index, std::move(ring), features, doorbells_[index], *this};
  Scope scope{executor_};
  tasks_[index].scope = &scope;
  scope.spawn(device_.serve(queue));
  co_await scope.join();
}

void TransportCore::finish_queue(std::uint16_t index) {
  const std::lock_guard lock{mutex_};
  tasks_[index] = {.phase = Phase::Ended, .scope = nullptr};
  // A reset that came meanwhile is taken up by serve_driver().
  if (registers_.queues()[index].reset_requested) changed_.notify();
}

void TransportCore::finish_reset() {
  const std::lock_guard lock{mutex_};
  std::ranges::fill(tasks_, QueueTask{});
  registers_.reset();
  running_ = false;
  settled_.notify_all();
}

void TransportCore::broken(std::uint16_t) noexcept {
  {
    const std::lock_guard lock{mutex_};
    registers_.need_reset();
  }
  config_changed();
}

void TransportCore::config_changed() noexcept {
  ++config_generation_;
  // 2.5.1: not before the driver is ready.
  if (look([](const CommonRegisters& seen) { return seen.driver_ok(); }))
    interrupts_.raise_config();
}

}  // namespace devices::virtio
