// A guest that does anything to a 16550's registers, and a terminal that does anything back.
//
// Input: pairs of an operation and its operand.

#include <array>
#include <cstdint>
#include <span>

#include "devices/serial/uart_16550_registers.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using devices::OutputBuffer;
using devices::Uart16550Registers;

/// What must hold between any two accesses.
void check(Uart16550Registers& uart) {
  require(uart.output_bytes() <= OutputBuffer::capacity_bytes);
  require(uart.receive_space() <= uart.receive_depth());
  const bool ready = uart.line_status().has(devices::LineStatus::TransmitterHoldingEmpty);
  // A driver sees room for a whole FIFO, or is told to wait; and is not told so for nothing.
  if (ready) {
    require(OutputBuffer::capacity_bytes - uart.output_bytes() >=
            Uart16550Registers::fifo_depth_bytes);
  } else {
    require(uart.output_bytes() > OutputBuffer::busy_above_bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  Uart16550Registers uart{data[0] % 2 == 0 ? devices::TerminalHandshake::None
                                           : devices::TerminalHandshake::GuestListens};
  std::uint64_t taken_bytes = 0;
  for (std::size_t i = 1; i + 1 < size_bytes; i += 2) {
    const std::uint8_t operation = data[i];
    const std::uint8_t operand = data[i + 1];
    std::array<std::byte, 256> bytes{};
    switch (operation >> 4) {
      case 0:
        taken_bytes += uart.take_transmitted(std::span{bytes}.first(operand));
        break;
      case 1: {
        const auto space = uart.receive_space();
        const auto received = uart.receive(std::span{bytes}.first(operand));
        require(received == std::min<std::size_t>(space, operand));
        break;
      }
      case 2:
        uart.receive_break();
        break;
      case 3:
        for (int repeat = 0; repeat < 16; ++repeat) uart.write(0, operand);
        break;
      case 4:
        (void)uart.read(operand);
        break;
      default:
        if (operation % 2 == 0) {
          (void)uart.read(operation / 2 % 8);
        } else {
          uart.write(operation / 2 % 8, operand);
        }
    }
    check(uart);
  }
  require(uart.sent_bytes() == taken_bytes + uart.output_bytes());
  return 0;
}
