#include "devices/serial/uart_16550.hpp"

#include <array>

#include "devices/byte_registers.hpp"
#include "runtime/error.hpp"
#include "runtime/finally.hpp"
#include "runtime/scope.hpp"
#include "runtime/timer.hpp"

namespace devices {
namespace {

using runtime::Task;

/// Between two writes of one stretch of output. Waking up for each byte would cost the guest more
/// than the byte; this is too short to see, and long enough to gather some hundred of them.
constexpr std::chrono::milliseconds gathering_time{1};
constexpr std::size_t largest_write_bytes = 4096;

}  // namespace

Uart16550::Uart16550(runtime::Executor executor, platform::InterruptLine irq,
                     runtime::ByteStream& terminal, TerminalHandshake handshake)
    : state_{handshake, std::move(irq)},
      terminal_{terminal},
      guest_wrote_{executor},
      room_to_receive_{executor},
      drained_{executor} {}

template <typename Change>
auto Uart16550::update(Change change) {
  return state_.with([&](State& state) {
    const runtime::Finally settle{[&] {
      const Uart16550Registers& registers = state.registers;
      state.irq.set(registers.interrupt_pending());
      if (!state.transmitting && registers.output_bytes() != 0) {
        state.transmitting = true;
        guest_wrote_.notify();
      }
      if (state.awaiting_room && registers.receive_space() == registers.receive_depth()) {
        state.awaiting_room = false;
        room_to_receive_.notify();
      }
    }};
    return change(state);
  });
}

void Uart16550::read(std::uint64_t offset, std::span<std::byte> data) {
  update([&](State& state) {
    read_each_byte(offset, data, [&](std::uint64_t at) { return state.registers.read(at); });
  });
}

void Uart16550::write(std::uint64_t offset, std::span<const std::byte> data) {
  update([&](State& state) {
    write_each_byte(offset, data, [&](std::uint64_t at, std::uint8_t value) {
      state.registers.write(at, value);
    });
    note_progress(state.registers.sent_bytes());
  });
}

/// Called under the lock, so there is one writer at a time.
void Uart16550::note_progress(std::uint64_t sent_bytes) {
  const std::uint64_t before = sent_bytes_.load(std::memory_order_relaxed);
  if (sent_bytes == before) return;
  if (before == 0) {
    first_byte_sent_at_.store(std::chrono::steady_clock::now().time_since_epoch().count(),
                              std::memory_order_relaxed);
  }
  // Whoever sees a count above 0 also sees the time.
  sent_bytes_.store(sent_bytes, std::memory_order_release);
}

std::uint64_t Uart16550::sent_bytes() const {
  return sent_bytes_.load(std::memory_order_acquire);
}

std::optional<std::chrono::steady_clock::time_point> Uart16550::first_byte_sent_at() const {
  if (sent_bytes() == 0) return std::nullopt;
  return std::chrono::steady_clock::time_point{
      std::chrono::steady_clock::duration{first_byte_sent_at_.load(std::memory_order_relaxed)}};
}

Task<> Uart16550::run() {
  return runtime::all(transmit(), receive());
}

Task<> Uart16550::transmit() {
  std::array<std::byte, largest_write_bytes> chunk;
  for (;;) {
    const Taken taken = take_output(chunk);
    if (taken.size_bytes == 0) {
      co_await guest_wrote_.wait();
      continue;
    }
    co_await deliver(std::span{chunk}.first(taken.size_bytes));
    if (taken.pace == Pace::Gather) co_await runtime::sleep_for(gathering_time);
  }
}

/// With nothing to take, transmit() counts as asleep from here on: the next byte wakes it.
auto Uart16550::take_output(std::span<std::byte> chunk) -> Taken {
  return update([&](State& state) {
    const std::size_t taken = state.registers.take_transmitted(chunk);
    state.transmitting = taken != 0;
    if (!state.transmitting && state.draining) {
      state.draining = false;
      drained_.notify();
    }
    // A guest that keeps the buffer filling must not wait for our timer.
    const bool hurry = state.draining || taken >= Uart16550Registers::busy_above_bytes / 2;
    return Taken{taken, hurry ? Pace::AtOnce : Pace::Gather};
  });
}

Task<> Uart16550::deliver(std::span<const std::byte> bytes) {
  try {
    co_await terminal_.write_all(bytes);
    if (discarded_bytes_ != 0) {
      runtime::log::guest(log_limit_, "serial port: output goes on, {} bytes were lost",
                          discarded_bytes_);
      discarded_bytes_ = 0;
    }
  } catch (const runtime::HostError& error) {
    if (discarded_bytes_ == 0) {
      runtime::log::guest(log_limit_, "serial port: {}; discarding the guest's output",
                          error.what());
    }
    discarded_bytes_ += bytes.size();
  }
}

Task<> Uart16550::drain() {
  const auto must_wait = [this] {
    return update([](State& state) {
      state.draining = state.transmitting || state.registers.output_bytes() != 0;
      return state.draining;
    });
  };
  while (must_wait()) co_await drained_.wait();
}

Task<> Uart16550::receive() {
  std::array<std::byte, Uart16550Registers::fifo_depth_bytes> chunk;
  for (;;) {
    const std::size_t room = co_await receive_room();
    const std::size_t typed = co_await read_terminal(std::span{chunk}.first(room));
    if (typed == 0) co_return;
    // The guest may have taken the room away meanwhile: what does not fit waits.
    for (auto rest = std::span<const std::byte>{chunk}.first(typed); !rest.empty();) {
      co_await receive_room();
      rest = rest.subspan(update([&](State& state) { return state.registers.receive(rest); }));
    }
  }
}

/// Waits until the receiver can take something, and returns how much that is.
Task<std::size_t> Uart16550::receive_room() {
  const auto look = [this] {
    return update([](State& state) {
      const std::size_t room = state.registers.receive_space();
      state.awaiting_room = room == 0;
      return room;
    });
  };
  for (;;) {
    if (const std::size_t room = look()) co_return room;
    co_await room_to_receive_.wait();
  }
}

/// 0 once there will be no more.
Task<std::size_t> Uart16550::read_terminal(std::span<std::byte> into) {
  try {
    co_return co_await terminal_.read_some(into);
  } catch (const runtime::HostError& error) {
    runtime::log::warning("serial port: {}; the guest gets no more input", error.what());
    co_return 0;
  }
}

}  // namespace devices
