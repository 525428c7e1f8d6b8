#include "devices/virtio/console.hpp"

#include <algorithm>
#include <utility>

#include "runtime/finally.hpp"
#include "runtime/timer.hpp"

namespace devices::virtio {
namespace {

using runtime::Task;

/// Between two writes of one stretch of output: too short to see, long enough to gather some.
constexpr std::chrono::milliseconds gathering_time{1};
constexpr std::size_t most_waiting_bytes = 16384;

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
      guest_wrote_{executor},
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

void Console::notified(std::uint16_t queue) {
  if (queue != transmit_queue) return;
  output_.with([this](Output& output) {
    (void)take_in(output);
    if (std::exchange(output.sending, true)) return;
    guest_wrote_.notify();
  });
}

bool Console::take_in(Output& output) {
  if (output.unfinished) append(output, *std::exchange(output.unfinished, std::nullopt));
  if (output.queue == nullptr) return false;
  Queue& queue = *output.queue;
  queue.start_turn();
  while (!output.unfinished) {
    auto chain = queue.pop();
    if (!chain) break;
    append(output, std::move(*chain));
  }
  return !output.unfinished && !queue.empty();
}

void Console::append(Output& output, Chain chain) {
  std::vector<std::byte>& bytes = output.bytes;
  const std::size_t before = bytes.size();
  bytes.resize(std::min(most_waiting_bytes, before + chain.readable.size_bytes()));
  (void)chain.readable.read_some(std::span{bytes}.subspan(before));
  progress_.note(progress_.sent_bytes() + (bytes.size() - before));
  if (!chain.readable.empty()) {
    output.unfinished = std::move(chain);
  } else if (output.queue != nullptr) {
    output.queue->push_silently(std::move(chain), 0);
  }
}

/// With nothing to take, transmit() counts as asleep from here on.
Console::Taken Console::take_output() {
  return output_.with([this](Output& output) {
    const bool more = take_in(output);
    if (output.queue != nullptr) output.queue->tell();
    Taken taken{std::exchange(output.bytes, {}), more};
    output.sending = more || !taken.bytes.empty();
    return taken;
  });
}

Task<> Console::transmit(Queue& queue) {
  output_.with([&queue](Output& output) { output.queue = &queue; });
  transmitting_ = true;
  const runtime::Finally gone{[this] {
    output_.with([](Output& output) {
      output.queue = nullptr;
      output.unfinished.reset();
      output.sending = true;  // nobody to wake
    });
    transmitting_ = false;
    drained_.notify();
  }};
  for (;;) {
    const auto [bytes, more] = take_output();
    if (bytes.empty() && more) {  // chains with nothing in them
      co_await runtime::yield();
      continue;
    }
    if (bytes.empty()) {
      if (draining_) drained_.notify();
      co_await guest_wrote_.wait();
      continue;
    }
    co_await terminal_.write(bytes);
    const bool hurry = draining_ || bytes.size() >= most_waiting_bytes / 2;
    if (!hurry) co_await runtime::sleep_for(gathering_time);
  }
}

Task<> Console::drain() {
  draining_ = true;
  guest_wrote_.notify();
  if (transmitting_) co_await drained_.wait();
  // What a driver left behind that has gone.
  const std::vector<std::byte> bytes = take_output().bytes;
  if (!bytes.empty()) co_await terminal_.write(bytes);
}

}  // namespace devices::virtio
