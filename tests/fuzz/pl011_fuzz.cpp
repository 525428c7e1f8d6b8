// A guest that does anything to a PL011's registers, and a terminal that does anything back.
//
// Input: groups of an operation and its operand of two bytes.

#include <array>
#include <cstdint>
#include <span>

#include "devices/serial/pl011_registers.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using devices::OutputBuffer;
using devices::Pl011Flag;
using devices::Pl011Interrupt;
using devices::Pl011Register;
using devices::Pl011Registers;

/// What must hold between any two accesses.
void check(Pl011Registers& uart) {
  require(uart.output_bytes() <= OutputBuffer::capacity_bytes);
  require(uart.receive_space() <= uart.receive_depth());

  const auto flags = uart.flags();
  require(flags.has(Pl011Flag::Busy) != flags.has(Pl011Flag::TransmitFifoEmpty));
  require(!flags.has_all({Pl011Flag::TransmitFifoEmpty, Pl011Flag::TransmitFifoFull}));
  require(!flags.has_all({Pl011Flag::ReceiveFifoEmpty, Pl011Flag::ReceiveFifoFull}));
  // A driver that interrupts tell to write finds room for a FIFO's worth.
  const auto raw = uart.raw_interrupts();
  if (raw.has(Pl011Interrupt::Transmit)) {
    require(OutputBuffer::capacity_bytes - uart.output_bytes() >= Pl011Registers::fifo_depth_bytes);
  }
  // No byte waits without a time-out that tells of it.
  require(raw.has(Pl011Interrupt::ReceiveTimeout) != flags.has(Pl011Flag::ReceiveFifoEmpty));
  const auto masked = uart.read(static_cast<std::uint64_t>(Pl011Register::MaskedInterrupt));
  const auto mask = uart.read(static_cast<std::uint64_t>(Pl011Register::InterruptMask));
  require(masked == (raw.raw() & mask));
  require(uart.interrupt_pending() == (masked != 0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  Pl011Registers uart{data[0] % 2 == 0 ? devices::TerminalHandshake::None
                                       : devices::TerminalHandshake::GuestListens};
  std::uint64_t taken_bytes = 0;
  for (std::size_t i = 1; i + 2 < size_bytes; i += 3) {
    const std::uint8_t operation = data[i];
    const auto operand = static_cast<std::uint16_t>(data[i + 1] | data[i + 2] << 8);
    std::array<std::byte, 256> bytes{};
    switch (operation >> 4) {
      case 0:
        taken_bytes += uart.take_transmitted(std::span{bytes}.first(operand % 256));
        break;
      case 1: {
        const auto space = uart.receive_space();
        const auto received = uart.receive(std::span{bytes}.first(operand % 256));
        require(received == std::min<std::size_t>(space, operand % 256));
        break;
      }
      case 2:
        uart.receive_break();
        break;
      case 3:
        for (int repeat = 0; repeat < 32; ++repeat) uart.write(0, operand);
        break;
      case 4:
        (void)uart.read(operand & 0xFFC);
        break;
      case 5:
        uart.write(operand & 0xFFC, operand);
        break;
      default:  // where things happen
        if (operation % 2 == 0) {
          (void)uart.read(4 * (operation / 2 % 20));
        } else {
          uart.write(4 * (operation / 2 % 20), operand);
        }
    }
    check(uart);
  }
  require(uart.sent_bytes() == taken_bytes + uart.output_bytes());
  return 0;
}
