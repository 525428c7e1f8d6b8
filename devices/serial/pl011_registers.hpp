// Registers and FIFOs of a PL011 UART as seen by its driver.
//
// Spec:    ARM DDI 0183G, "PrimeCell UART (PL011)", chapter 3, revision r1p5. What a driver of the
//          Generic UART (ARM DEN0029, "arm,sbsa-uart" and "ARMH0011") uses is part of it.
// Trust:   offsets and values are the guest's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "devices/primecell.hpp"
#include "devices/serial/output_buffer.hpp"
#include "devices/serial/ring.hpp"
#include "devices/serial/terminal_handshake.hpp"
#include "runtime/flags.hpp"

namespace devices {

/// Offsets from the page's base.
enum class Pl011Register : std::uint16_t {
  Data = 0x00,                // UARTDR
  ReceiveStatus = 0x04,       // UARTRSR when read, UARTECR when written
  Flag = 0x18,                // UARTFR
  IrDaLowPower = 0x20,        // UARTILPR
  IntegerBaudRate = 0x24,     // UARTIBRD
  FractionalBaudRate = 0x28,  // UARTFBRD
  LineControl = 0x2C,         // UARTLCR_H
  Control = 0x30,             // UARTCR
  FifoLevel = 0x34,           // UARTIFLS
  InterruptMask = 0x38,       // UARTIMSC: a set bit lets the interrupt through
  RawInterrupt = 0x3C,        // UARTRIS
  MaskedInterrupt = 0x40,     // UARTMIS
  InterruptClear = 0x44,      // UARTICR
  DmaControl = 0x48,          // UARTDMACR
};

/// UARTRSR, and bits 11:8 of UARTDR.
enum class Pl011Error : std::uint8_t {
  Framing = 1 << 0,
  Parity = 1 << 1,
  Break = 1 << 2,
  Overrun = 1 << 3,
};

/// UARTFR.
enum class Pl011Flag : std::uint16_t {
  ClearToSend = 1 << 0,
  DataSetReady = 1 << 1,
  Carrier = 1 << 2,
  Busy = 1 << 3,
  ReceiveFifoEmpty = 1 << 4,
  TransmitFifoFull = 1 << 5,
  ReceiveFifoFull = 1 << 6,
  TransmitFifoEmpty = 1 << 7,
  Ring = 1 << 8,
};

/// UARTCR.
enum class Pl011Control : std::uint16_t {
  UartEnable = 1 << 0,
  LoopbackEnable = 1 << 7,
  TransmitEnable = 1 << 8,
  ReceiveEnable = 1 << 9,
  DataTerminalReady = 1 << 10,
  RequestToSend = 1 << 11,
  Out1 = 1 << 12,
  Out2 = 1 << 13,
  ClearToSendFlow = 1 << 15,
};

/// UARTIMSC, UARTRIS, UARTMIS and UARTICR.
enum class Pl011Interrupt : std::uint16_t {
  RingChanged = 1 << 0,
  ClearToSendChanged = 1 << 1,
  CarrierChanged = 1 << 2,
  DataSetReadyChanged = 1 << 3,
  Receive = 1 << 4,
  Transmit = 1 << 5,
  ReceiveTimeout = 1 << 6,
  Framing = 1 << 7,
  Parity = 1 << 8,
  Break = 1 << 9,
  Overrun = 1 << 10,
};

/// Pure state: it waits for nothing and does no I/O.
///
/// What the guest writes leaves the transmit FIFO at once (see OutputBuffer), unless the terminal
/// has fallen behind, or the guest has disabled the transmitter. So the FIFO is empty or cannot
/// move, and its trigger level does not matter: the transmit interrupt, which the chip gives for a
/// passage through that level, is raised by the first byte to leave, and stays until it is cleared
/// or the transmitter is busy. Drivers mask it when they have no more to send.
///
/// The receive interrupts follow from what is in the FIFO: to clear one changes nothing. The 32 bit
/// periods without a new byte that make a receive time-out pass at once, so the time-out stands for
/// every byte not read yet. A driver that waits for both, as Linux's does, needs no timer of ours
/// to hear of a single key; one that waits for the trigger level alone does not hear of it, as on
/// the chip.
///
/// It starts as firmware leaves it for an operating system: enabled, 115200 baud, FIFOs on. A
/// driver of the Generic UART never writes to the registers that say so.
class Pl011Registers {
 public:
  using Register = primecell::Register;
  static constexpr std::uint64_t size_bytes = primecell::size_bytes;
  static constexpr std::uint32_t peripheral_id = 0x0034'1011;  // r1p5: FIFOs of 32
  static constexpr std::size_t fifo_depth_bytes = 32;
  static constexpr std::uint32_t clock_hz = 24'000'000;  // UARTCLK, which the baud rate divides
  static constexpr std::uint32_t baud_rate = 115'200;    // at first

  /// A guest that polls, and enables no receive interrupt, gets input only without a handshake.
  explicit Pl011Registers(TerminalHandshake handshake = TerminalHandshake::GuestListens)
      : handshake_{handshake} {}

  /// What the guest sees. Offsets are multiples of 4.
  Register read(std::uint64_t offset);
  void write(std::uint64_t offset, Register value);

  /// What the terminal sees. `receive` takes what there is space for and returns how much.
  [[nodiscard]] std::size_t receive_space() const;
  [[nodiscard]] std::size_t receive_depth() const { return fifo_depth(); }
  std::size_t receive(std::span<const std::byte> bytes);
  /// The terminal holds the line low for a while: a zero byte with the break error.
  void receive_break();
  [[nodiscard]] std::size_t output_bytes() const { return output_.size(); }
  std::size_t take_transmitted(std::span<std::byte> into);
  /// Bytes ever accepted for the terminal.
  [[nodiscard]] std::uint64_t sent_bytes() const { return output_.sent_bytes(); }

  /// What the interrupt line (UARTINTR, all causes in one) sees.
  [[nodiscard]] bool interrupt_pending() const { return !masked_interrupts().empty(); }

  /// As the guest would read them.
  [[nodiscard]] runtime::Flags<Pl011Flag> flags() const;
  [[nodiscard]] runtime::Flags<Pl011Interrupt> raw_interrupts() const;

 private:
  struct Received {
    std::byte value;
    runtime::Flags<Pl011Error> errors;
  };

  [[nodiscard]] bool loopback() const { return control_.has(Pl011Control::LoopbackEnable); }
  [[nodiscard]] bool transmits() const;
  [[nodiscard]] bool receives() const;
  [[nodiscard]] bool guest_listens() const;
  [[nodiscard]] bool fifo_enabled() const;
  [[nodiscard]] std::size_t fifo_depth() const { return fifo_enabled() ? fifo_depth_bytes : 1; }
  [[nodiscard]] std::size_t receive_trigger() const;
  [[nodiscard]] runtime::Flags<Pl011Interrupt> masked_interrupts() const {
    return raw_interrupts() & interrupt_mask_;
  }

  Register read_data();
  Register read_flags();
  void write_data(std::byte value);
  void write_line_control(std::uint8_t value);
  void write_control(std::uint16_t value);
  void clear_interrupts(runtime::Flags<Pl011Interrupt> cleared);

  void send(std::byte value);
  void arrive(Received received);
  void follow_modem_lines();

  TerminalHandshake handshake_;
  OutputBuffer output_;
  Ring<std::byte, fifo_depth_bytes> held_;  // written while the transmitter is disabled
  Ring<Received, fifo_depth_bytes> received_;

  runtime::Flags<Pl011Error> receive_status_;
  bool overrun_ = false;  // the next byte to arrive will say so
  runtime::Flags<Pl011Flag> modem_lines_{Pl011Flag::ClearToSend, Pl011Flag::DataSetReady,
                                         Pl011Flag::Carrier};
  std::uint8_t irda_low_power_ = 0;
  std::uint16_t integer_baud_rate_ = clock_hz / (16 * baud_rate);
  std::uint8_t fractional_baud_rate_ = (clock_hz * 8 / baud_rate + 1) / 2 % 64;
  std::uint8_t line_control_ = 0x70;  // 8 bits, FIFOs
  runtime::Flags<Pl011Control> control_{Pl011Control::UartEnable, Pl011Control::TransmitEnable,
                                        Pl011Control::ReceiveEnable};
  std::uint8_t fifo_level_ = 0x12;  // both half full
  std::uint8_t dma_control_ = 0;

  runtime::Flags<Pl011Interrupt> interrupt_mask_;
  runtime::Flags<Pl011Interrupt> latched_;  // all but the receive interrupts, until cleared
  bool found_empty_ = false;                // see guest_listens()
};

}  // namespace devices
