// The register sequences of Linux's 8250 driver (drivers/tty/serial/8250/8250_port.c, 6.12), and
// what it concludes from them.

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <string_view>

#include "tests/devices/uart_16550_bench.hpp"

using namespace uart;

namespace {

/// autoconfig(): is there a chip, and does loopback work?
bool exists(Uart16550Registers& uart) {
  const auto ier_before = uart.read(ier);
  uart.write(ier, 0);
  const auto all_off = uart.read(ier) & 0x0F;
  uart.write(ier, 0x0F);
  const auto all_on = uart.read(ier) & 0x0F;
  uart.write(ier, ier_before);
  if (all_off != 0 || all_on != 0x0F) return false;

  const auto mcr_before = uart.read(mcr);
  uart.write(mcr, loop | out2 | rts);
  const auto lines = uart.read(msr) & 0xF0;
  uart.write(mcr, mcr_before);
  return lines == 0x90;  // DCD and CTS
}

/// autoconfig(): the family, by IIR bits 7:6 after enabling the FIFOs.
int family(Uart16550Registers& uart) {
  uart.write(lcr, 0xBF);
  uart.write(2, 0);
  uart.write(lcr, 0);
  uart.write(fcr, 0x01);
  return uart.read(iir) >> 6;
}

/// autoconfig_16550a(): how many bytes of 256 come back through loopback.
int fifo_size(Uart16550Registers& uart) {
  uart.write(lcr, 0);
  uart.write(fcr, 0x07);
  const auto mcr_before = uart.read(mcr);
  uart.write(mcr, loop);
  uart.write(lcr, 0x80);
  uart.write(dll, 1);
  uart.write(dlm, 0);
  uart.write(lcr, 0x03);
  for (int i = 0; i < 256; ++i) uart.write(thr, static_cast<std::uint8_t>(i));
  int count = 0;
  while ((uart.read(lsr) & 0x01) != 0 && count < 256) {
    uart.read(rbr);
    ++count;
  }
  uart.write(mcr, mcr_before);
  return count;
}

void clear_fifos(Uart16550Registers& uart) {
  uart.write(fcr, 0x01);
  uart.write(fcr, 0x07);
  uart.write(fcr, 0x00);
}

void clear_interrupts(Uart16550Registers& uart) {
  uart.read(lsr);
  uart.read(rbr);
  uart.read(iir);
  uart.read(msr);
}

/// serial8250_do_startup() up to the first byte.
void start_up(Uart16550Registers& uart) {
  clear_fifos(uart);
  clear_interrupts(uart);
  uart.write(lcr, 0x03);
  uart.write(mcr, out2);
  clear_interrupts(uart);
  uart.write(fcr, 0x01);
  uart.write(fcr, 0x81);
  uart.write(ier, rdi | rlsi);
  uart.write(mcr, out2 | rts | dtr);
}

}  // namespace

TEST_CASE("8250 driver: finds a plain 16550A with a FIFO of 16", "[devices][serial]") {
  Uart16550Registers uart;
  REQUIRE(exists(uart));
  CHECK(family(uart) == 3);

  // No extended features: EFR behind DLAB or 0xBF would read as 0.
  uart.write(lcr, 0x80);
  CHECK(uart.read(2) != 0);
  uart.write(lcr, 0xBF);
  CHECK(uart.read(2) != 0);

  // Not a National SuperIO: toggling MCR.LOOP must not show in what would be its EXCR1.
  uart.write(lcr, 0);
  const auto before = uart.read(mcr);
  uart.write(lcr, 0xE0);
  if (((uart.read(2) ^ before) & loop) == 0) {
    uart.write(lcr, 0);
    uart.write(mcr, before ^ loop);
    uart.write(lcr, 0xE0);
    const auto after = uart.read(2);
    uart.write(lcr, 0);
    uart.write(mcr, before);
    CHECK(((after ^ before) & loop) == 0);
  }

  // Not a TI16750: no 64-byte FIFO bit, also not behind DLAB.
  uart.write(lcr, 0);
  uart.write(fcr, 0x21);
  CHECK((uart.read(iir) & 0x20) == 0);
  uart.write(fcr, 0x01);
  uart.write(lcr, 0x80);
  uart.write(fcr, 0x21);
  CHECK((uart.read(iir) & 0x20) == 0);
  uart.write(lcr, 0);

  // Not an XScale: IER bit 6 does not stick.
  uart.write(ier, 0x40);
  CHECK((uart.read(ier) & 0x40) == 0);

  CHECK(fifo_size(uart) == 16);
  CHECK(uart.output_bytes() == 0);  // probing printed nothing
}

TEST_CASE("8250 driver: start-up finds none of the bugs it looks for", "[devices][serial]") {
  Uart16550Registers uart;
  clear_fifos(uart);
  clear_interrupts(uart);
  REQUIRE(uart.read(lsr) != 0xFF);

  SECTION("UART_BUG_THRE: the THR-empty interrupt comes back when it is enabled again") {
    uart.write(ier, thri);
    const auto first = uart.read(iir);
    uart.write(ier, 0);
    uart.write(ier, thri);
    const auto second = uart.read(iir);
    uart.write(ier, 0);
    CHECK((first & no_interrupt) == 0);
    CHECK((second & no_interrupt) == 0);
  }
  SECTION("UART_BUG_TXEN: enabling THR-empty interrupts at once if the transmitter is idle") {
    uart.write(lcr, 0x03);
    uart.write(mcr, out2);
    uart.write(ier, thri);
    const auto line_status = uart.read(lsr);
    const auto identification = uart.read(iir);
    uart.write(ier, 0);
    CHECK((line_status & 0x40) != 0);
    CHECK((identification & no_interrupt) == 0);
  }
}

TEST_CASE("8250 driver: the console polls once per byte and never waits", "[devices][serial]") {
  Uart16550Registers uart;
  start_up(uart);
  const std::string_view line = "[    0.000000] Linux version 6.12\r\n";

  const auto ier_before = uart.read(ier);
  uart.write(ier, 0);
  int polls = 0;
  for (const char c : line) {
    do ++polls;
    while ((uart.read(lsr) & 0x20) == 0);
    uart.write(thr, static_cast<std::uint8_t>(c));
  }
  while ((uart.read(lsr) & thre_and_temt) != thre_and_temt) ++polls;
  uart.write(ier, ier_before);

  CHECK(polls == static_cast<int>(line.size()));
  CHECK(transmitted(uart) == line);
}

TEST_CASE("8250 driver: interrupt-driven output sends 16 bytes per interrupt, then is quiet",
          "[devices][serial]") {
  Uart16550Registers uart;
  start_up(uart);
  const std::string text(100, 't');
  std::size_t sent = 0;
  int interrupts = 0;

  uart.write(ier, rdi | rlsi | thri);  // start_tx
  while (uart.interrupt_pending() && interrupts < 100) {
    ++interrupts;
    REQUIRE((uart.read(iir) & 0x0F) == 0x02);
    REQUIRE((uart.read(lsr) & 0x20) != 0);
    CHECK_FALSE(uart.interrupt_pending());  // an edge per turn: the driver may leave at any time
    for (int i = 0; i < 16 && sent < text.size(); ++i, ++sent) uart.write(thr, 't');
    if (sent == text.size()) uart.write(ier, rdi | rlsi);  // stop_tx
  }

  CHECK(interrupts == 7);
  CHECK(transmitted(uart) == text);
  CHECK(cause(uart) == no_interrupt);
}

TEST_CASE("8250 driver: one interrupt empties the receive FIFO", "[devices][serial]") {
  Uart16550Registers uart;
  start_up(uart);
  REQUIRE(type(uart, "ls -l\r") == 6);
  REQUIRE(uart.interrupt_pending());

  std::string read;
  CHECK((uart.read(iir) & 0x0F) == 0x0C);  // six bytes are below the trigger level of eight
  for (auto status = uart.read(lsr); (status & 0x11) != 0; status = uart.read(lsr)) {
    read += static_cast<char>(uart.read(rbr));
  }

  CHECK(read == "ls -l\r");
  CHECK_FALSE(uart.interrupt_pending());
  CHECK(cause(uart) == no_interrupt);
}

TEST_CASE("8250 driver: what was piped in early waits for the driver", "[devices][serial]") {
  Uart16550Registers uart;
  CHECK(type(uart, "early") == 0);
  exists(uart);
  CHECK(type(uart, "early") == 0);
  family(uart);
  fifo_size(uart);
  clear_fifos(uart);
  CHECK(type(uart, "early") == 0);
  start_up(uart);
  CHECK(type(uart, "early") == 5);
  CHECK(uart.read(rbr) == 'e');
}
