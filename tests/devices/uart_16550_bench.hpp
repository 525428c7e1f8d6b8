// Words for tests that drive a 16550's registers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "devices/serial/uart_16550_registers.hpp"

namespace uart {

using devices::OutputBuffer;
using devices::Uart16550Registers;

// Offsets, as <linux/serial_reg.h> and the data sheet abbreviate them.
constexpr std::uint64_t rbr = 0, thr = 0, dll = 0;
constexpr std::uint64_t ier = 1, dlm = 1;
constexpr std::uint64_t iir = 2, fcr = 2;
constexpr std::uint64_t lcr = 3, mcr = 4, lsr = 5, msr = 6, scr = 7;

constexpr std::uint8_t rdi = 0x01, thri = 0x02, rlsi = 0x04, msi = 0x08;  // IER
constexpr std::uint8_t no_interrupt = 0x01;                               // IIR bits 3:0
constexpr std::uint8_t dtr = 0x01, rts = 0x02, out1 = 0x04, out2 = 0x08, loop = 0x10;  // MCR
constexpr std::uint8_t thre_and_temt = 0x60;                                           // LSR

inline std::uint8_t cause(Uart16550Registers& uart) {
  return uart.read(iir) & 0x0F;
}

inline std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span{text});
}

inline std::string transmitted(Uart16550Registers& uart) {
  std::string text(uart.output_bytes(), '\0');
  text.resize(uart.take_transmitted(std::as_writable_bytes(std::span{text})));
  return text;
}

/// Takes in more than the terminal would offer at once: whatever there is space for.
inline std::size_t type(Uart16550Registers& uart, std::string_view text) {
  return uart.receive(bytes(text));
}

/// A port whose driver has enabled FIFOs with a trigger level of 1, and raised all outputs.
inline Uart16550Registers opened(std::uint8_t interrupts = 0, std::uint8_t fifo_control = 0x01) {
  Uart16550Registers uart;
  uart.write(fcr, fifo_control);
  uart.write(mcr, dtr | rts | out2);
  uart.write(ier, interrupts);
  (void)uart.read(msr);
  return uart;
}

}  // namespace uart
