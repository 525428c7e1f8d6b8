#include "devices/serial/uart_16550_registers.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/flags.hpp"

namespace devices {
namespace {

constexpr std::uint8_t interrupt_enable_mask = 0x0F;
constexpr std::uint8_t modem_control_mask = 0x1F;
constexpr std::uint8_t fifos_enabled = 0xC0;  // IIR bits 7:6

using TriggerField = runtime::Field<std::uint8_t, 6, 7>;
constexpr std::array<std::size_t, 4> trigger_levels{1, 4, 8, 14};

bool has(std::uint8_t value, FifoControl bit) {
  return runtime::Flags<FifoControl>::from_raw(value).has(bit);
}

/// What loopback wires to the modem inputs.
runtime::Flags<ModemStatus> looped_back(runtime::Flags<ModemControl> outputs) {
  runtime::Flags<ModemStatus> inputs;
  inputs.assign(ModemStatus::ClearToSend, outputs.has(ModemControl::RequestToSend));
  inputs.assign(ModemStatus::DataSetReady, outputs.has(ModemControl::DataTerminalReady));
  inputs.assign(ModemStatus::Ring, outputs.has(ModemControl::Out1));
  inputs.assign(ModemStatus::Carrier, outputs.has(ModemControl::Out2));
  return inputs;
}

constexpr runtime::Flags<ModemStatus> terminal_lines{
    ModemStatus::ClearToSend, ModemStatus::DataSetReady, ModemStatus::Carrier};

}  // namespace

bool Uart16550Registers::divisor_latched() const {
  return runtime::Flags<LineControl>::from_raw(line_control_).has(LineControl::DivisorLatchAccess);
}

bool Uart16550Registers::loopback() const {
  return modem_control_.has(ModemControl::Loopback);
}

bool Uart16550Registers::fifo_enabled() const {
  return has(fifo_control_, FifoControl::Enable);
}

std::size_t Uart16550Registers::trigger_level() const {
  return fifo_enabled() ? trigger_levels[TriggerField::get(fifo_control_)] : 1;
}

std::uint8_t Uart16550Registers::read(std::uint64_t offset) {
  finish_burst();
  switch (UartRegister{static_cast<std::uint8_t>(offset)}) {
    case UartRegister::Data:
      return divisor_latched() ? divisor_low_ : read_received();
    case UartRegister::InterruptEnable:
      return divisor_latched() ? divisor_high_ : interrupt_enable_.raw();
    case UartRegister::InterruptIdentification:
      return read_interrupt_identification();
    case UartRegister::LineControl:
      return line_control_;
    case UartRegister::ModemControl:
      return modem_control_.raw();
    case UartRegister::LineStatus:
      return read_line_status();
    case UartRegister::ModemStatus:
      return read_modem_status();
    case UartRegister::Scratch:
      return scratch_;
  }
  return 0xFF;
}

void Uart16550Registers::write(std::uint64_t offset, std::uint8_t value) {
  const UartRegister target{static_cast<std::uint8_t>(offset)};
  if (target != UartRegister::Data) finish_burst();
  switch (target) {
    case UartRegister::Data:
      if (divisor_latched()) {
        divisor_low_ = value;
      } else {
        transmit(std::byte{value});
      }
      break;
    case UartRegister::InterruptEnable:
      if (divisor_latched()) {
        divisor_high_ = value;
      } else {
        enable_interrupts(value);
      }
      break;
    case UartRegister::InterruptIdentification:
      control_fifo(value);
      break;
    case UartRegister::LineControl:
      line_control_ = value;
      break;
    case UartRegister::ModemControl:
      control_modem(value);
      break;
    case UartRegister::Scratch:
      scratch_ = value;
      break;
    case UartRegister::LineStatus:  // the data sheet keeps writing these two for factory tests
    case UartRegister::ModemStatus:
      break;
  }
}

std::uint8_t Uart16550Registers::read_received() {
  if (received_.empty()) return 0;
  const auto value = std::to_integer<std::uint8_t>(received_.pop().value);
  reveal_oldest();
  return value;
}

std::uint8_t Uart16550Registers::read_interrupt_identification() {
  const InterruptCause shown = cause();
  // Section 8.6: reading IIR resets the interrupt only if THR empty is what it showed.
  if (shown == InterruptCause::TransmitterEmpty) transmitter_emptied_ = false;
  const std::uint8_t fifos = fifo_enabled() ? fifos_enabled : 0;
  return static_cast<std::uint8_t>(fifos | static_cast<std::uint8_t>(shown));
}

runtime::Flags<LineStatus> Uart16550Registers::line_status() const {
  auto status = line_errors_;
  status.assign(LineStatus::DataReady, !received_.empty());
  status.assign({LineStatus::TransmitterHoldingEmpty, LineStatus::TransmitterEmpty},
                output_.ready());
  const bool error_in_fifo =
      line_errors_.has(LineStatus::BreakInterrupt) ||
      received_.any_of([](const Received& received) { return received.is_break; });
  status.assign(LineStatus::ErrorInFifo, fifo_enabled() && error_in_fifo);
  return status;
}

std::uint8_t Uart16550Registers::read_line_status() {
  const auto status = line_status();
  line_errors_ = {};
  return status.raw();
}

std::uint8_t Uart16550Registers::read_modem_status() {
  const auto status = modem_lines_ | modem_changes_;
  modem_changes_ = {};
  return status.raw();
}

void Uart16550Registers::transmit(std::byte value) {
  transmitter_emptied_ = false;
  if (loopback()) {
    arrive({value, false});
  } else {
    output_.push(value);
  }
  // Having filled the FIFO, a driver may leave without a further look at the chip.
  if (++burst_bytes_ >= fifo_depth()) finish_burst();
}

void Uart16550Registers::finish_burst() {
  if (std::exchange(burst_bytes_, 0) != 0 && output_.ready()) transmitter_emptied_ = true;
}

void Uart16550Registers::enable_interrupts(std::uint8_t value) {
  const auto before = interrupt_enable_;
  interrupt_enable_ = runtime::Flags<InterruptEnable>::from_raw(value & interrupt_enable_mask);
  // A transmitter found empty when its interrupt is enabled interrupts at once; Linux tests for
  // it (UART_BUG_TXEN), and that it does so each time (UART_BUG_THRE).
  const bool newly_enabled = interrupt_enable_.has(InterruptEnable::TransmitterEmpty) &&
                             !before.has(InterruptEnable::TransmitterEmpty);
  if (newly_enabled && output_.ready()) transmitter_emptied_ = true;
}

void Uart16550Registers::control_fifo(std::uint8_t value) {
  const bool enable = has(value, FifoControl::Enable);
  // Section 8.5: changing bit 0 clears both FIFOs, and without it the other bits do nothing. The
  // transmit FIFO is always empty: what the guest has written is on its way already.
  const bool mode_changes = enable != fifo_enabled();
  if (mode_changes || (enable && has(value, FifoControl::ResetReceiver))) received_.clear();
  fifo_control_ = enable ? value : 0;
}

void Uart16550Registers::control_modem(std::uint8_t value) {
  modem_control_ = runtime::Flags<ModemControl>::from_raw(value & modem_control_mask);
  follow_modem_lines();
}

void Uart16550Registers::follow_modem_lines() {
  const auto before = modem_lines_;
  modem_lines_ = loopback() ? looped_back(modem_control_) : terminal_lines;
  const auto differs = [&](ModemStatus line) { return before.has(line) != modem_lines_.has(line); };
  if (differs(ModemStatus::ClearToSend)) modem_changes_.set(ModemStatus::ClearToSendChanged);
  if (differs(ModemStatus::DataSetReady)) modem_changes_.set(ModemStatus::DataSetReadyChanged);
  if (differs(ModemStatus::Carrier)) modem_changes_.set(ModemStatus::CarrierChanged);
  // Section 8.8: RI tells only of its trailing edge.
  if (before.has(ModemStatus::Ring) && !modem_lines_.has(ModemStatus::Ring)) {
    modem_changes_.set(ModemStatus::RingEnded);
  }
}

std::size_t Uart16550Registers::receive_space() const {
  if (loopback()) return 0;  // the receiver's input is disconnected
  // RTS is for drivers that poll.
  const bool guest_listens = modem_control_.has(ModemControl::RequestToSend) ||
                             interrupt_enable_.has(InterruptEnable::ReceivedData);
  if (handshake_ == TerminalHandshake::GuestListens && !guest_listens) return 0;
  return receive_depth() - received_.size();
}

std::size_t Uart16550Registers::receive(std::span<const std::byte> bytes) {
  const std::size_t taken = std::min(bytes.size(), receive_space());
  for (const std::byte value : bytes.first(taken)) arrive({value, false});
  return taken;
}

void Uart16550Registers::receive_break() {
  if (!loopback()) arrive({std::byte{0}, true});
}

void Uart16550Registers::arrive(Received received) {
  if (received_.size() == receive_depth()) {
    // Section 8.4: with FIFOs the newcomer is lost in the shift register; without, it destroys
    // the byte nobody has read.
    line_errors_.set(LineStatus::Overrun);
    if (fifo_enabled()) return;
    received_.clear();
  }
  received_.push(received);
  if (received_.size() == 1) reveal_oldest();
}

/// Section 8.4: a byte's errors show, and interrupt, when it is the next to be read.
void Uart16550Registers::reveal_oldest() {
  if (received_.empty() || !received_.front().is_break) return;
  received_.front().is_break = false;
  line_errors_.set(LineStatus::BreakInterrupt);
}

std::size_t Uart16550Registers::take_transmitted(std::span<std::byte> into) {
  if (output_.empty()) finish_burst();
  const bool was_ready = output_.ready();
  const std::size_t taken = output_.take(into);
  if (!was_ready && output_.ready()) transmitter_emptied_ = true;
  return taken;
}

InterruptCause Uart16550Registers::cause() const {
  const auto enabled = [&](InterruptEnable source) { return interrupt_enable_.has(source); };
  if (enabled(InterruptEnable::LineStatus) && !line_errors_.empty()) {
    return InterruptCause::LineStatus;
  }
  if (enabled(InterruptEnable::ReceivedData) && !received_.empty()) {
    return received_.size() >= trigger_level() ? InterruptCause::DataAvailable
                                               : InterruptCause::CharacterTimeout;
  }
  if (enabled(InterruptEnable::TransmitterEmpty) && transmitter_emptied_) {
    return InterruptCause::TransmitterEmpty;
  }
  if (enabled(InterruptEnable::ModemStatus) && !modem_changes_.empty()) {
    return InterruptCause::ModemStatus;
  }
  return InterruptCause::None;
}

bool Uart16550Registers::interrupt_pending() const {
  // A PC's interrupt driver is enabled by OUT2, a pin that loopback holds inactive.
  const bool line_driven = modem_control_.has(ModemControl::Out2) && !loopback();
  return line_driven && cause() != InterruptCause::None;
}

}  // namespace devices
