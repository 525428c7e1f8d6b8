// A serial port on a byte stream, whatever chip it is made of.
//
// Threads: registers on vCPU threads, run() and drain() on the executor's; what they share is
//          locked for one plain call at a time.
// Trust:   the guest writes at any pace; it can neither block us, nor be blocked by a slow reader,
//          nor make us buffer without bound.
#pragma once

#include <chrono>
#include <concepts>
#include <optional>
#include <utility>

#include "devices/bus_device.hpp"
#include "devices/output_progress.hpp"
#include "devices/terminal.hpp"
#include "devices/serial/terminal_handshake.hpp"
#include "platform/interrupts.hpp"
#include "runtime/byte_stream.hpp"
#include "runtime/event.hpp"
#include "runtime/guarded.hpp"
#include "runtime/local_event.hpp"
#include "runtime/task.hpp"

namespace devices {

/// What a port asks of its chip. Pure state; Uart16550Registers says what each of these means.
template <typename Chip>
concept SerialRegisters = requires(Chip chip, const Chip& seen, std::span<std::byte> out,
                                   std::span<const std::byte> in) {
  { chip.read(std::uint64_t{}) } -> std::same_as<typename Chip::Register>;
  chip.write(std::uint64_t{}, typename Chip::Register{});
  { chip.receive(in) } -> std::same_as<std::size_t>;
  { chip.take_transmitted(out) } -> std::same_as<std::size_t>;
  { seen.receive_space() } -> std::same_as<std::size_t>;
  { seen.receive_depth() } -> std::same_as<std::size_t>;
  { seen.output_bytes() } -> std::same_as<std::size_t>;
  { seen.sent_bytes() } -> std::same_as<std::uint64_t>;
  { seen.interrupt_pending() } -> std::same_as<bool>;
};

/// A chip's registers, which the guest pokes, and two tasks that move the bytes behind them.
///
/// What it asks of its stream:
///  - write_all returns once the bytes are somebody else's, and may take its time: the guest then
///    sees a busy transmitter. With nobody at the other end (a socket without a client) it drops
///    the bytes and returns, or the guest's console would stand still.
///  - After a HostError from write_all the next bytes are offered again, at most once a
///    millisecond.
///  - read_some returns 0 when there will never be input again. Waiting for the next client is the
///    stream's own business.
template <SerialRegisters Registers>
class SerialPort final : public BusDevice {
 public:
  static constexpr std::uint64_t size_bytes = Registers::size_bytes;

  SerialPort(runtime::Executor executor, platform::InterruptLine irq, runtime::ByteStream& stream,
             TerminalHandshake handshake = TerminalHandshake::GuestListens);

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

  /// Carries bytes between guest and terminal until stopped.
  runtime::Task<> run();

  /// Returns when run() has handed the terminal all the guest wrote before; for the moment between
  /// the last vCPU's end and run()'s. A stuck terminal makes it wait for ever: bound it.
  runtime::Task<> drain();

  /// From any thread: bytes the guest has sent, and when the first was.
  [[nodiscard]] std::uint64_t sent_bytes() const { return progress_.sent_bytes(); }
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> first_byte_sent_at() const {
    return progress_.first_byte_at();
  }

 private:
  using Register = typename Registers::Register;

  struct State {
    State(TerminalHandshake handshake, platform::InterruptLine line)
        : registers{handshake}, irq{std::move(line)} {}

    Registers registers;
    platform::InterruptLine irq;
    bool transmitting = false;   // transmit() is awake, and will look for more before it sleeps
    bool awaiting_room = false;  // receive() sleeps until the receiver can take bytes
    bool draining = false;       // drain() sleeps until transmit() has nothing left
  };

  runtime::Task<> transmit();  // guest -> terminal
  runtime::Task<> receive();   // terminal -> guest

  /// Whether transmit() lets output gather before it takes more.
  enum class Pace : std::uint8_t { AtOnce, Gather };
  struct Taken {
    std::size_t size_bytes;
    Pace pace;
  };
  Taken take_output(std::span<std::byte> chunk);
  runtime::Task<std::size_t> receive_room();

  /// Changes the state, puts the interrupt line where it says, and wakes whom it concerns.
  template <typename Change>
  auto update(Change change);

  runtime::Guarded<State> state_;
  Terminal terminal_;
  OutputProgress progress_;
  runtime::Event guest_wrote_;
  runtime::Event room_to_receive_;
  runtime::LocalEvent drained_;
};

}  // namespace devices
