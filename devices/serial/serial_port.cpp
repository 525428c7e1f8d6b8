#include "devices/serial/serial_port.hpp"

#include <array>

#include "devices/register_access.hpp"
#include "devices/serial/output_buffer.hpp"
#include "devices/serial/pl011_registers.hpp"
#include "devices/serial/uart_16550_registers.hpp"
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

template <SerialRegisters Registers>
SerialPort<Registers>::SerialPort(runtime::Executor executor, platform::InterruptLine irq,
                                  runtime::ByteStream& stream, TerminalHandshake handshake)
    : state_{handshake, std::move(irq)},
      terminal_{stream, "serial port"},
      guest_wrote_{executor},
      room_to_receive_{executor},
      drained_{executor} {}

template <SerialRegisters Registers>
template <typename Change>
auto SerialPort<Registers>::update(Change change) {
  return state_.with([&](State& state) {
    const runtime::Finally settle{[&] {
      const Registers& registers = state.registers;
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

template <SerialRegisters Registers>
void SerialPort<Registers>::read(std::uint64_t offset, std::span<std::byte> data) {
  update([&](State& state) {
    read_registers<Register>(offset, data,
                             [&](std::uint64_t at) { return state.registers.read(at); });
  });
}

template <SerialRegisters Registers>
void SerialPort<Registers>::write(std::uint64_t offset, std::span<const std::byte> data) {
  update([&](State& state) {
    write_registers<Register>(
        offset, data, [&](std::uint64_t at, Register value) { state.registers.write(at, value); });
    progress_.note(state.registers.sent_bytes());
  });
}

template <SerialRegisters Registers>
Task<> SerialPort<Registers>::run() {
  return runtime::all(transmit(), receive());
}

template <SerialRegisters Registers>
Task<> SerialPort<Registers>::transmit() {
  std::array<std::byte, largest_write_bytes> chunk;
  for (;;) {
    const Taken taken = take_output(chunk);
    if (taken.size_bytes == 0) {
      co_await guest_wrote_.wait();
      continue;
    }
    co_await terminal_.write(std::span{chunk}.first(taken.size_bytes));
    if (taken.pace == Pace::Gather) co_await runtime::sleep_for(gathering_time);
  }
}

/// With nothing to take, transmit() counts as asleep from here on: the next byte wakes it.
template <SerialRegisters Registers>
auto SerialPort<Registers>::take_output(std::span<std::byte> chunk) -> Taken {
  return update([&](State& state) {
    const std::size_t taken = state.registers.take_transmitted(chunk);
    state.transmitting = taken != 0;
    if (!state.transmitting && state.draining) {
      state.draining = false;
      drained_.notify();
    }
    // A guest that keeps the buffer filling must not wait for our timer.
    const bool hurry = state.draining || taken >= OutputBuffer::busy_above_bytes / 2;
    return Taken{taken, hurry ? Pace::AtOnce : Pace::Gather};
  });
}

template <SerialRegisters Registers>
Task<> SerialPort<Registers>::drain() {
  const auto must_wait = [this] {
    return update([](State& state) {
      state.draining = state.transmitting || state.registers.output_bytes() != 0;
      return state.draining;
    });
  };
  while (must_wait()) co_await drained_.wait();
}

template <SerialRegisters Registers>
Task<> SerialPort<Registers>::receive() {
  std::array<std::byte, Registers::fifo_depth_bytes> chunk;
  for (;;) {
    const std::size_t room = co_await receive_room();
    const std::size_t typed = co_await terminal_.read(std::span{chunk}.first(room));
    if (typed == 0) co_return;
    // The guest may have taken the room away meanwhile: what does not fit waits.
    for (auto rest = std::span<const std::byte>{chunk}.first(typed); !rest.empty();) {
      co_await receive_room();
      rest = rest.subspan(update([&](State& state) { return state.registers.receive(rest); }));
    }
  }
}

/// Waits until the receiver can take something, and returns how much that is.
template <SerialRegisters Registers>
Task<std::size_t> SerialPort<Registers>::receive_room() {
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

template class SerialPort<Pl011Registers>;
template class SerialPort<Uart16550Registers>;

}  // namespace devices
