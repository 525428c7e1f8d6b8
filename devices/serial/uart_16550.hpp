// A serial port on a byte stream.
//
// Threads: registers on vCPU threads, run() and drain() on the executor's; what they share is
//          locked for one plain call at a time.
// Trust:   the guest writes at any pace; it can neither block us, nor be blocked by a slow reader,
//          nor make us buffer without bound.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <utility>

#include "devices/bus_device.hpp"
#include "devices/serial/uart_16550_registers.hpp"
#include "platform/interrupts.hpp"
#include "runtime/byte_stream.hpp"
#include "runtime/event.hpp"
#include "runtime/guarded.hpp"
#include "runtime/local_event.hpp"
#include "runtime/log.hpp"
#include "runtime/task.hpp"

namespace devices {

/// Registers the guest pokes, and two tasks that move the bytes behind them.
///
/// What it asks of its terminal:
///  - write_all returns once the bytes are somebody else's, and may take its time: the guest then
///    sees a busy transmitter. With nobody at the other end (a socket without a client) it drops
///    the bytes and returns, or the guest's console would stand still.
///  - A HostError from write_all costs those bytes only. The first of a series is logged, and the
///    next bytes are offered again, at most once a millisecond: a reader may have come back.
///  - read_some returns 0 when there will never be input again. Waiting for the next client is the
///    stream's own business. A HostError from it is logged and ends input likewise.
class Uart16550 final : public BusDevice {
 public:
  static constexpr std::uint64_t size_bytes = 8;

  Uart16550(runtime::Executor executor, platform::InterruptLine irq, runtime::ByteStream& terminal,
            TerminalHandshake handshake = TerminalHandshake::RequestToSend);

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

  /// Carries bytes between guest and terminal until stopped.
  runtime::Task<> run();

  /// Returns when run() has handed the terminal all the guest wrote before; for the moment between
  /// the last vCPU's end and run()'s. A stuck terminal makes it wait for ever: bound it.
  runtime::Task<> drain();

  /// For the boot timeline, from any thread: bytes the guest has sent, and when the first was.
  [[nodiscard]] std::uint64_t sent_bytes() const;
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> first_byte_sent_at() const;

 private:
  struct State {
    State(TerminalHandshake handshake, platform::InterruptLine line)
        : registers{handshake}, irq{std::move(line)} {}

    Uart16550Registers registers;
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
  runtime::Task<> deliver(std::span<const std::byte> bytes);
  runtime::Task<std::size_t> receive_room();
  runtime::Task<std::size_t> read_terminal(std::span<std::byte> into);

  /// Changes the state, puts the interrupt line where it says, and wakes whom it concerns.
  template <typename Change>
  auto update(Change change);
  void note_progress(std::uint64_t sent_bytes);

  runtime::Guarded<State> state_;
  runtime::ByteStream& terminal_;
  runtime::Event guest_wrote_;
  runtime::Event room_to_receive_;
  runtime::LocalEvent drained_;
  std::uint64_t discarded_bytes_ = 0;  // since the terminal failed; 0 while it works
  runtime::log::RateLimit log_limit_;  // a terminal that comes and goes, while the guest prints

  std::atomic<std::uint64_t> sent_bytes_ = 0;
  std::atomic<std::chrono::steady_clock::rep> first_byte_sent_at_ = 0;  // 0: not yet
};

}  // namespace devices
