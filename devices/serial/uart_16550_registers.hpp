// Registers and FIFOs of a 16550 UART as seen by its driver.
//
// Spec:    National Semiconductor PC16550D (June 1995), section 8 "Registers"; the gating of the
//          interrupt by OUT2 is the PC's wiring, not the chip's.
// Trust:   offsets and values are the guest's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "devices/serial/output_buffer.hpp"
#include "devices/serial/ring.hpp"
#include "devices/serial/terminal_handshake.hpp"
#include "runtime/flags.hpp"

namespace devices {

/// Offsets from the port's base; the divisor latch lies over the first two while LCR.DLAB is set.
enum class UartRegister : std::uint8_t {
  Data = 0,  // RBR when read, THR when written
  InterruptEnable = 1,
  InterruptIdentification = 2,  // FCR when written
  LineControl = 3,
  ModemControl = 4,
  LineStatus = 5,
  ModemStatus = 6,
  Scratch = 7,
};

enum class InterruptEnable : std::uint8_t {
  ReceivedData = 1 << 0,
  TransmitterEmpty = 1 << 1,
  LineStatus = 1 << 2,
  ModemStatus = 1 << 3,
};

/// IIR bits 3:0, in the chip's order of priority.
enum class InterruptCause : std::uint8_t {
  LineStatus = 0x6,
  DataAvailable = 0x4,
  CharacterTimeout = 0xC,
  TransmitterEmpty = 0x2,
  ModemStatus = 0x0,
  None = 0x1,
};

enum class FifoControl : std::uint8_t {
  Enable = 1 << 0,
  ResetReceiver = 1 << 1,
  ResetTransmitter = 1 << 2,
};

enum class LineControl : std::uint8_t {
  SetBreak = 1 << 6,
  DivisorLatchAccess = 1 << 7,
};

enum class ModemControl : std::uint8_t {
  DataTerminalReady = 1 << 0,
  RequestToSend = 1 << 1,
  Out1 = 1 << 2,
  Out2 = 1 << 3,
  Loopback = 1 << 4,
};

enum class LineStatus : std::uint8_t {
  DataReady = 1 << 0,
  Overrun = 1 << 1,
  BreakInterrupt = 1 << 4,
  TransmitterHoldingEmpty = 1 << 5,
  TransmitterEmpty = 1 << 6,
  ErrorInFifo = 1 << 7,
};

enum class ModemStatus : std::uint8_t {
  ClearToSendChanged = 1 << 0,
  DataSetReadyChanged = 1 << 1,
  RingEnded = 1 << 2,
  CarrierChanged = 1 << 3,
  ClearToSend = 1 << 4,
  DataSetReady = 1 << 5,
  Ring = 1 << 6,
  Carrier = 1 << 7,
};

/// Pure state: it waits for nothing and does no I/O.
///
/// What the guest writes leaves the transmit FIFO at once (see OutputBuffer), so THR is empty
/// again, and says so, before the next access, unless the terminal has fallen behind.
///
/// Only its interrupt waits for the end of a burst: for an access to anything but THR, a full FIFO,
/// or a terminal that finds nothing new to take. A driver with no more to send disables it first.
/// If the line rose before, as no real one does, an edge would be on its way, and each burst would
/// cost the guest a second interrupt for nothing.
///
/// Likewise four character times without a new byte pass at once: received bytes below the trigger
/// level are a character time-out.
class Uart16550Registers {
 public:
  using Register = std::uint8_t;
  static constexpr std::uint64_t size_bytes = 8;
  static constexpr std::size_t fifo_depth_bytes = 16;

  explicit Uart16550Registers(TerminalHandshake handshake = TerminalHandshake::GuestListens)
      : handshake_{handshake} {}

  /// What the guest sees.
  std::uint8_t read(std::uint64_t offset);
  void write(std::uint64_t offset, std::uint8_t value);

  /// What the terminal sees. `receive` takes what there is space for and returns how much.
  [[nodiscard]] std::size_t receive_space() const;
  [[nodiscard]] std::size_t receive_depth() const { return fifo_depth(); }
  std::size_t receive(std::span<const std::byte> bytes);
  /// The terminal holds the line low for a while: a zero byte with LSR.BI.
  void receive_break();
  [[nodiscard]] std::size_t output_bytes() const { return output_.size(); }
  /// To take nothing tells that the line has fallen silent.
  std::size_t take_transmitted(std::span<std::byte> into);
  /// Bytes ever accepted for the terminal.
  [[nodiscard]] std::uint64_t sent_bytes() const { return output_.sent_bytes(); }

  /// What the interrupt line sees.
  [[nodiscard]] bool interrupt_pending() const;

  /// As the guest would read it, without the side effects of reading.
  [[nodiscard]] runtime::Flags<LineStatus> line_status() const;

 private:
  struct Received {
    std::byte value;
    bool is_break;
  };

  [[nodiscard]] bool divisor_latched() const;
  [[nodiscard]] bool loopback() const;
  [[nodiscard]] bool fifo_enabled() const;
  [[nodiscard]] std::size_t fifo_depth() const { return fifo_enabled() ? fifo_depth_bytes : 1; }
  [[nodiscard]] std::size_t trigger_level() const;
  [[nodiscard]] InterruptCause cause() const;

  std::uint8_t read_received();
  std::uint8_t read_interrupt_identification();
  std::uint8_t read_line_status();
  std::uint8_t read_modem_status();
  void transmit(std::byte value);
  void finish_burst();
  void enable_interrupts(std::uint8_t value);
  void control_fifo(std::uint8_t value);
  void control_modem(std::uint8_t value);

  void arrive(Received received);
  void reveal_oldest();
  void follow_modem_lines();

  TerminalHandshake handshake_;
  OutputBuffer output_;
  Ring<Received, fifo_depth_bytes> received_;

  runtime::Flags<InterruptEnable> interrupt_enable_;
  std::uint8_t fifo_control_ = 0;
  std::uint8_t line_control_ = 0;
  runtime::Flags<ModemControl> modem_control_;
  runtime::Flags<LineStatus> line_errors_;  // latched until LSR is read
  runtime::Flags<ModemStatus> modem_lines_{ModemStatus::ClearToSend, ModemStatus::DataSetReady,
                                           ModemStatus::Carrier};
  runtime::Flags<ModemStatus> modem_changes_;  // latched until MSR is read
  std::uint8_t scratch_ = 0;
  std::uint8_t divisor_low_ = 12;  // 9600 baud, where a PC's firmware leaves it
  std::uint8_t divisor_high_ = 0;
  std::size_t burst_bytes_ = 0;       // written to THR in a row, and not interrupted for yet
  bool transmitter_emptied_ = false;  // latched until IIR shows it or THR is written
};

}  // namespace devices
