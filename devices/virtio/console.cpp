#include "devices/virtio/console.hpp"

#include <utility>

#include "runtime/finally.hpp"

namespace devices::virtio {
namespace {

using runtime::Task;

constexpr auto has_size = static_cast<Feature>(1 << 0);  // VIRTIO_CONSOLE_F_SIZE

/// 5.3.4.
struct Config {
  std::uint16_t columns = 0;
  std::uint16_t rows = 0;
  std::uint32_t max_ports = 0;        // multiport alone
  std::uint32_t emergency_write = 0;  // not offered
};

}  // namespace

Console::Console(runtime::Executor executor, runtime::ByteStream& stream,
                 std::optional<ConsoleSize> size)
    : terminal_{stream, "virtio console"},
      has_size_{size.has_value()},
      size_{size.value_or(ConsoleSize{})},
      drained_{executor} {}

Features Console::features() const {
  const Features in_order{Feature::InOrder};
  return has_size_ ? in_order | has_size : in_order;
}

void Console::read_config(std::uint64_t offset, std::span<std::byte> data) const {
  const ConsoleSize size = size_;
  read_config_of(Config{.columns = size.columns, .rows = size.rows}, offset, data);
}

void Console::resize(ConsoleSize size) {
  if (size_.exchange(size) == size || listener_ == nullptr || !has_size_) return;
  listener_->config_changed();
}

Task<> Console::serve(Queue& queue) {
  return queue.index() == receive_queue ? receive(queue) : transmit(queue);
}

/// What is typed goes straight into the driver's buffers.
Task<> Console::receive(Queue& queue) {
  for (;;) {
    const bool open = co_await queue.kicked();
    if (!open) co_return;
    while (auto chain = queue.pop()) {
      std::size_t size_bytes = 0;
      if (!chain->writable.empty()) {
        size_bytes = co_await terminal_.read(chain->writable.rest().front());
        if (size_bytes == 0) co_return;  // the end of all input; the driver's buffers stay with us
      }
      queue.push(std::move(*chain), static_cast<std::uint32_t>(size_bytes));
    }
  }
}

Task<> Console::transmit(Queue& queue) {
  transmitting_ = &queue;
  const runtime::Finally gone{[this] {
    transmitting_ = nullptr;
    drained_.notify();
  }};
  for (;;) {
    while (auto chain = queue.pop()) co_await send(queue, std::move(*chain));
    if (draining_ && queue.empty()) drained_.notify();
    const bool open = co_await queue.kicked();
    if (!open) co_return;
  }
}

Task<> Console::send(Queue& queue, Chain chain) {
  progress_.note(progress_.sent_bytes() + chain.readable.size_bytes());
  for (const auto bytes : chain.readable.rest()) co_await terminal_.write(bytes);
  queue.push(std::move(chain), 0);
}

Task<> Console::drain() {
  draining_ = true;
  if (transmitting_ == nullptr) co_return;
  transmitting_->ring();
  co_await drained_.wait();
}

}  // namespace devices::virtio
