#include "devices/serial/pl011_registers.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace devices {
namespace {

using runtime::Flags;

constexpr std::uint8_t fifo_enable = 1 << 4;  // UARTLCR_H.FEN

// The bits there are.
constexpr std::uint16_t control_mask = 0xFF87;
constexpr std::uint16_t interrupt_mask = 0x07FF;
constexpr std::uint8_t fifo_level_mask = 0x3F;
constexpr std::uint8_t fractional_baud_rate_mask = 0x3F;
constexpr std::uint8_t dma_control_mask = 0x07;

using ReceiveLevel = runtime::Field<std::uint8_t, 3, 5>;
/// 1/8, 1/4, 1/2, 3/4 and 7/8 of the FIFO. The rest is reserved.
constexpr std::array<std::size_t, 8> receive_levels{4, 8, 16, 24, 28, 28, 28, 28};

constexpr Flags<Pl011Interrupt> receive_interrupts{Pl011Interrupt::Receive,
                                                   Pl011Interrupt::ReceiveTimeout};

constexpr Flags<Pl011Flag> terminal_lines{Pl011Flag::ClearToSend, Pl011Flag::DataSetReady,
                                          Pl011Flag::Carrier};

/// What loopback wires to the modem inputs.
Flags<Pl011Flag> looped_back(Flags<Pl011Control> outputs) {
  Flags<Pl011Flag> inputs;
  inputs.assign(Pl011Flag::ClearToSend, outputs.has(Pl011Control::RequestToSend));
  inputs.assign(Pl011Flag::DataSetReady, outputs.has(Pl011Control::DataTerminalReady));
  inputs.assign(Pl011Flag::Carrier, outputs.has(Pl011Control::Out1));
  inputs.assign(Pl011Flag::Ring, outputs.has(Pl011Control::Out2));
  return inputs;
}

}  // namespace

bool Pl011Registers::transmits() const {
  const bool held_back =
      control_.has(Pl011Control::ClearToSendFlow) && !modem_lines_.has(Pl011Flag::ClearToSend);
  return control_.has_all({Pl011Control::UartEnable, Pl011Control::TransmitEnable}) && !held_back;
}

bool Pl011Registers::receives() const {
  return control_.has_all({Pl011Control::UartEnable, Pl011Control::ReceiveEnable});
}

/// Linux enables the receive interrupts twice on its way up: in pl011_hwinit for the time between
/// two register writes; then, in pl011_enable_interrupts, it throws away what it finds in the FIFO,
/// and enables them for good. Bytes that arrive in between are lost. Only the second time has it
/// seen the FIFO empty after having cleared the interrupts. It masks them while its own buffer is
/// full; some versions then go through pl011_enable_interrupts again, so that what
/// came meanwhile is lost too. RTS says none of this: it stays raised, or is not there to raise.
bool Pl011Registers::guest_listens() const {
  return interrupt_mask_.has_any(receive_interrupts) && found_empty_;
}

bool Pl011Registers::fifo_enabled() const {
  return (line_control_ & fifo_enable) != 0;
}

std::size_t Pl011Registers::receive_trigger() const {
  return fifo_enabled() ? receive_levels[ReceiveLevel::get(fifo_level_)] : 1;
}

auto Pl011Registers::read(std::uint64_t offset) -> Register {
  switch (Pl011Register{static_cast<std::uint16_t>(offset)}) {
    case Pl011Register::Data:
      return read_data();
    case Pl011Register::ReceiveStatus:
      return receive_status_.raw();
    case Pl011Register::Flag:
      return read_flags();
    case Pl011Register::IrDaLowPower:
      return irda_low_power_;
    case Pl011Register::IntegerBaudRate:
      return integer_baud_rate_;
    case Pl011Register::FractionalBaudRate:
      return fractional_baud_rate_;
    case Pl011Register::LineControl:
      return line_control_;
    case Pl011Register::Control:
      return control_.raw();
    case Pl011Register::FifoLevel:
      return fifo_level_;
    case Pl011Register::InterruptMask:
      return interrupt_mask_.raw();
    case Pl011Register::RawInterrupt:
      return raw_interrupts().raw();
    case Pl011Register::MaskedInterrupt:
      return masked_interrupts().raw();
    case Pl011Register::DmaControl:
      return dma_control_;
    case Pl011Register::InterruptClear:  // write-only
      break;
  }
  return primecell::identification(offset, peripheral_id);
}

void Pl011Registers::write(std::uint64_t offset, Register value) {
  const auto byte = static_cast<std::uint8_t>(value);
  const auto half_word = static_cast<std::uint16_t>(value);
  switch (Pl011Register{static_cast<std::uint16_t>(offset)}) {
    case Pl011Register::Data:
      write_data(std::byte{byte});
      break;
    case Pl011Register::ReceiveStatus:
      receive_status_ = {};
      break;
    case Pl011Register::IrDaLowPower:
      irda_low_power_ = byte;
      break;
    case Pl011Register::IntegerBaudRate:
      integer_baud_rate_ = half_word;
      break;
    case Pl011Register::FractionalBaudRate:
      fractional_baud_rate_ = byte & fractional_baud_rate_mask;
      break;
    case Pl011Register::LineControl:
      write_line_control(byte);
      break;
    case Pl011Register::Control:
      write_control(half_word);
      break;
    case Pl011Register::FifoLevel:
      fifo_level_ = byte & fifo_level_mask;
      break;
    case Pl011Register::InterruptMask:
      interrupt_mask_ = Flags<Pl011Interrupt>::from_raw(half_word & interrupt_mask);
      break;
    case Pl011Register::InterruptClear:
      clear_interrupts(Flags<Pl011Interrupt>::from_raw(half_word & interrupt_mask));
      break;
    case Pl011Register::DmaControl:  // kept, but there is no DMA controller to ask
      dma_control_ = byte & dma_control_mask;
      break;
    case Pl011Register::Flag:  // read-only
    case Pl011Register::RawInterrupt:
    case Pl011Register::MaskedInterrupt:
      break;
  }
}

auto Pl011Registers::read_data() -> Register {
  if (received_.empty()) return 0;
  const Received oldest = received_.pop();
  // UARTRSR tells of the byte read last, but of an overrun until it is cleared.
  receive_status_ = (receive_status_ & Pl011Error::Overrun) | oldest.errors;
  return static_cast<Register>(oldest.errors.raw()) << 8 |
         std::to_integer<std::uint8_t>(oldest.value);
}

auto Pl011Registers::read_flags() -> Register {
  if (received_.empty()) found_empty_ = true;
  return flags().raw();
}

Flags<Pl011Flag> Pl011Registers::flags() const {
  const bool sent = output_.ready() && held_.empty();
  auto status = modem_lines_;
  status.assign(Pl011Flag::TransmitFifoEmpty, sent);
  status.assign(Pl011Flag::Busy, !sent);
  status.assign(Pl011Flag::TransmitFifoFull, !output_.ready() || held_.size() >= fifo_depth());
  status.assign(Pl011Flag::ReceiveFifoEmpty, received_.empty());
  status.assign(Pl011Flag::ReceiveFifoFull, received_.size() >= fifo_depth());
  return status;
}

Flags<Pl011Interrupt> Pl011Registers::raw_interrupts() const {
  auto raw = latched_;
  raw.assign(Pl011Interrupt::Receive, received_.size() >= receive_trigger());
  raw.assign(Pl011Interrupt::ReceiveTimeout, !received_.empty());
  return raw;
}

void Pl011Registers::write_data(std::byte value) {
  if (transmits()) {
    send(value);
  } else if (held_.size() < fifo_depth()) {
    held_.push(value);
  }
}

void Pl011Registers::write_line_control(std::uint8_t value) {
  const bool had_fifos = fifo_enabled();
  line_control_ = value;
  // Under UARTCR: this is how a driver flushes the transmit FIFO. What is left of the receive FIFO,
  // a single holding register, starts anew as well.
  if (had_fifos && !fifo_enabled()) {
    held_.clear();
    received_.clear();
  }
}

void Pl011Registers::write_control(std::uint16_t value) {
  control_ = Flags<Pl011Control>::from_raw(value & control_mask);
  follow_modem_lines();
  while (transmits() && !held_.empty()) send(held_.pop());
}

void Pl011Registers::clear_interrupts(Flags<Pl011Interrupt> cleared) {
  latched_.clear(cleared);
  const bool starts_over =
      cleared.has(Pl011Interrupt::Receive) && !interrupt_mask_.has_any(receive_interrupts);
  if (starts_over) found_empty_ = false;
}

void Pl011Registers::send(std::byte value) {
  if (loopback()) {
    if (receives()) arrive({value, {}});
  } else {
    output_.push(value);
  }
  latched_.assign(Pl011Interrupt::Transmit, output_.ready());
}

std::size_t Pl011Registers::take_transmitted(std::span<std::byte> into) {
  const bool was_ready = output_.ready();
  const std::size_t taken = output_.take(into);
  if (!was_ready && output_.ready()) latched_.set(Pl011Interrupt::Transmit);
  return taken;
}

std::size_t Pl011Registers::receive_space() const {
  if (loopback() || !receives()) return 0;
  if (handshake_ == TerminalHandshake::GuestListens && !guest_listens()) return 0;
  return fifo_depth() - received_.size();
}

std::size_t Pl011Registers::receive(std::span<const std::byte> bytes) {
  const std::size_t taken = std::min(bytes.size(), receive_space());
  for (const std::byte value : bytes.first(taken)) arrive({value, {}});
  return taken;
}

void Pl011Registers::receive_break() {
  if (loopback() || !receives()) return;
  arrive({std::byte{0}, Pl011Error::Break});
  latched_.set(Pl011Interrupt::Break);
}

void Pl011Registers::arrive(Received received) {
  if (received_.size() >= fifo_depth()) {
    // The newcomer is lost in the shift register; the next to find room tells of it.
    overrun_ = true;
    receive_status_.set(Pl011Error::Overrun);
    latched_.set(Pl011Interrupt::Overrun);
    return;
  }
  if (std::exchange(overrun_, false)) received.errors.set(Pl011Error::Overrun);
  received_.push(received);
}

void Pl011Registers::follow_modem_lines() {
  const auto before = modem_lines_;
  modem_lines_ = loopback() ? looped_back(control_) : terminal_lines;
  const auto note = [&](Pl011Flag line, Pl011Interrupt change) {
    if (before.has(line) != modem_lines_.has(line)) latched_.set(change);
  };
  note(Pl011Flag::Ring, Pl011Interrupt::RingChanged);
  note(Pl011Flag::ClearToSend, Pl011Interrupt::ClearToSendChanged);
  note(Pl011Flag::Carrier, Pl011Interrupt::CarrierChanged);
  note(Pl011Flag::DataSetReady, Pl011Interrupt::DataSetReadyChanged);
}

}  // namespace devices
