// Words for tests that drive a PL011's registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "devices/serial/pl011_registers.hpp"

namespace pl011 {

using devices::OutputBuffer;
using devices::Pl011Registers;

// Offsets, as <linux/amba/serial.h> and the data sheet abbreviate them.
constexpr std::uint64_t dr = 0x00, rsr = 0x04, ecr = 0x04, fr = 0x18, ilpr = 0x20;
constexpr std::uint64_t ibrd = 0x24, fbrd = 0x28, lcr_h = 0x2C, cr = 0x30, ifls = 0x34;
constexpr std::uint64_t imsc = 0x38, ris = 0x3C, mis = 0x40, icr = 0x44, dmacr = 0x48;

// UARTFR.
constexpr std::uint32_t cts = 0x001, dsr = 0x002, dcd = 0x004, busy = 0x008, rxfe = 0x010;
constexpr std::uint32_t txff = 0x020, rxff = 0x040, txfe = 0x080, ri = 0x100;
constexpr std::uint32_t modem_lines = cts | dsr | dcd | ri;
constexpr std::uint32_t idle = cts | dsr | dcd | rxfe | txfe;

// UARTDR above the byte; four times that for UARTRSR.
constexpr std::uint32_t dr_break = 0x400, dr_overrun = 0x800;

// UARTCR.
constexpr std::uint32_t uarten = 0x0001, lbe = 0x0080, txe = 0x0100, rxe = 0x0200;
constexpr std::uint32_t dtr = 0x0400, rts = 0x0800, out1 = 0x1000, out2 = 0x2000;
constexpr std::uint32_t rts_flow = 0x4000, cts_flow = 0x8000;

// UARTIMSC, UARTRIS, UARTMIS, UARTICR.
constexpr std::uint32_t ri_m = 0x001, cts_m = 0x002, dcd_m = 0x004, dsr_m = 0x008;
constexpr std::uint32_t rx = 0x010, tx = 0x020, rt = 0x040, be = 0x200, oe = 0x400;

constexpr std::uint32_t fen = 0x10, eight_bits = 0x60;  // UARTLCR_H

inline std::string transmitted(Pl011Registers& uart) {
  std::string text(uart.output_bytes(), '\0');
  text.resize(uart.take_transmitted(std::as_writable_bytes(std::span{text})));
  return text;
}

inline std::size_t type(Pl011Registers& uart, std::string_view text) {
  return uart.receive(std::as_bytes(std::span{text}));
}

/// A port whose driver has raised all outputs, and whose terminal asks nothing.
inline Pl011Registers opened(std::uint32_t interrupts = 0) {
  Pl011Registers uart{devices::TerminalHandshake::None};
  uart.write(cr, uarten | txe | rxe | dtr | rts);
  uart.write(imsc, interrupts);
  return uart;
}

}  // namespace pl011
