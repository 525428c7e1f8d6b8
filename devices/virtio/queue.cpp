#include "devices/virtio/queue.hpp"

#include <utility>

#include "runtime/finally.hpp"
#include "runtime/timer.hpp"

namespace devices::virtio {

using runtime::Task;

Queue::Queue(std::uint16_t index, Ring ring, Features features, runtime::Event& doorbell,
             QueueEvents& events)
    : index_{index},
      ring_{std::move(ring)},
      features_{features},
      doorbell_{doorbell},
      events_{events} {}

Task<bool> Queue::kicked() {
  start_turn();
  const bool more =
      !closed_ && std::visit([](auto& ring) { return ring.expect_notification(); }, ring_);
  if (more) {
    co_await runtime::yield();
  } else {
    // A ring that is broken is found out here, too: its driver gets no answer, but hears why.
    if (std::visit([](auto& ring) { return ring.broken(); }, ring_)) break_ring();
    if (!closed_) co_await doorbell_.wait();
  }
  std::visit([](auto& ring) { ring.decline_notifications(); }, ring_);
  co_return !closed_;
}

std::optional<Chain> Queue::pop() {
  const std::uint16_t size = std::visit([](auto& ring) { return ring.size(); }, ring_);
  if (closed_ || popped_ == size) return std::nullopt;
  auto chain = std::visit([](auto& ring) { return ring.pop(); }, ring_);
  const bool broken = std::visit([](auto& ring) { return ring.broken(); }, ring_);
  // More chains than places: the driver made one available that we still have.
  if (broken || (chain && in_flight_ == size)) {
    break_ring();
    return std::nullopt;
  }
  if (chain) {
    ++in_flight_;
    ++popped_;
  }
  return chain;
}

void Queue::push(Chain chain, std::uint32_t written_bytes) {
  stage(std::move(chain), written_bytes);
  publish();
}

void Queue::stage(Chain chain, std::uint32_t written_bytes) {
  --in_flight_;
  std::visit([&](auto& ring) { ring.stage(chain, written_bytes); }, ring_);
}

void Queue::publish() {
  if (!publish_wanted()) return;
  if (gathers_) {
    untold_ = true;
  } else {
    events_.used(index_);
  }
}

bool Queue::publish_wanted() {
  return std::visit([](auto& ring) { return ring.publish(); }, ring_);
}

void Queue::push_silently(Chain chain, std::uint32_t written_bytes) {
  stage(std::move(chain), written_bytes);
  if (publish_wanted()) untold_ = true;
}

void Queue::tell() {
  if (std::exchange(untold_, false)) events_.used(index_);
}

void Queue::unpop(Chain chain) {
  --in_flight_;
  --popped_;
  std::visit([&](auto& ring) { ring.unpop(chain); }, ring_);
}

bool Queue::empty() {
  return closed_ || !std::visit([](auto& ring) { return ring.expect_notification(); }, ring_);
}

Task<> Queue::until_closed() {
  runtime::LocalEvent closing{co_await runtime::this_executor};
  closing_ = &closing;
  const runtime::Finally gone{[this] { closing_ = nullptr; }};
  if (!closed_) co_await closing.wait();
}

void Queue::close() {
  closed_ = true;
  doorbell_.notify();
  if (closing_ != nullptr) closing_->notify();
}

void Queue::break_ring() {
  if (closed_) return;
  close();
  events_.broken(index_);
}

}  // namespace devices::virtio
