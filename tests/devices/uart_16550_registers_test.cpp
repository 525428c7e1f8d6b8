#include "devices/serial/uart_16550_registers.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>

#include "tests/devices/uart_16550_bench.hpp"

using namespace uart;

TEST_CASE("16550: at reset it is idle, and interrupts nobody", "[devices][serial]") {
  Uart16550Registers uart;
  CHECK(uart.read(ier) == 0);
  CHECK(uart.read(iir) == no_interrupt);
  CHECK(uart.read(lcr) == 0);
  CHECK(uart.read(mcr) == 0);
  CHECK(uart.read(lsr) == thre_and_temt);
  CHECK(uart.read(msr) == 0xB0);  // a terminal is there: CTS, DSR, DCD, and nothing has changed
  CHECK(uart.read(rbr) == 0);
  CHECK_FALSE(uart.interrupt_pending());
}

TEST_CASE("16550: scratch, IER and MCR keep the bits that exist", "[devices][serial]") {
  Uart16550Registers uart;
  uart.write(scr, 0xA5);
  uart.write(ier, 0xFF);
  uart.write(mcr, 0xFF);
  uart.write(lcr, 0x7F);
  CHECK(uart.read(scr) == 0xA5);
  CHECK(uart.read(ier) == 0x0F);
  CHECK(uart.read(mcr) == 0x1F);
  CHECK(uart.read(lcr) == 0x7F);
}

TEST_CASE("16550: DLAB lays the divisor over data and IER", "[devices][serial]") {
  Uart16550Registers uart;
  uart.write(ier, 0x05);
  uart.write(lcr, 0x80);
  uart.write(dll, 0x01);
  uart.write(dlm, 0x02);
  CHECK(uart.read(dll) == 0x01);
  CHECK(uart.read(dlm) == 0x02);
  uart.write(lcr, 0x03);
  CHECK(uart.read(ier) == 0x05);
  CHECK(uart.output_bytes() == 0);
}

TEST_CASE("16550: writes to the status registers do nothing", "[devices][serial]") {
  Uart16550Registers uart;
  uart.write(lsr, 0xFF);
  uart.write(msr, 0xFF);
  CHECK(uart.read(lsr) == thre_and_temt);
  CHECK(uart.read(msr) == 0xB0);
}

TEST_CASE("16550: the transmitter is empty again at once", "[devices][serial]") {
  auto uart = opened();
  for (const char c : std::string_view{"hello"}) {
    REQUIRE(uart.read(lsr) == thre_and_temt);
    uart.write(thr, static_cast<std::uint8_t>(c));
  }
  CHECK(uart.sent_bytes() == 5);
  CHECK(transmitted(uart) == "hello");
  CHECK(uart.output_bytes() == 0);
}

TEST_CASE("16550: output keeps its order across the end of the buffer", "[devices][serial]") {
  auto uart = opened();
  std::uint8_t next_in = 0, next_out = 0;
  std::array<std::byte, 700> taken;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 700; ++i) uart.write(thr, next_in++);
    REQUIRE(uart.take_transmitted(taken) == taken.size());
    for (const auto byte : taken) REQUIRE(std::to_integer<std::uint8_t>(byte) == next_out++);
  }
}

TEST_CASE("16550: a terminal that lags makes the transmitter busy, and nothing is lost",
          "[devices][serial]") {
  auto uart = opened(thri);
  std::size_t written = 0;
  while ((uart.read(lsr) & thre_and_temt) == thre_and_temt) {
    for (int i = 0; i < 16; ++i) uart.write(thr, static_cast<std::uint8_t>(written++));
  }
  CHECK(written >= OutputBuffer::busy_above_bytes);
  CHECK(written <= OutputBuffer::busy_above_bytes + 16);
  CHECK(cause(uart) == no_interrupt);
  CHECK_FALSE(uart.interrupt_pending());

  SECTION("until it catches up, which interrupts") {
    std::array<std::byte, 16> some;
    while (uart.output_bytes() > OutputBuffer::busy_above_bytes) {
      CHECK((uart.read(lsr) & thre_and_temt) == 0);
      uart.take_transmitted(some);
    }
    CHECK(uart.interrupt_pending());
    CHECK(uart.read(lsr) == thre_and_temt);
  }
  SECTION("even if the driver loses patience for a long while") {
    while (written < OutputBuffer::capacity_bytes) {
      uart.write(thr, static_cast<std::uint8_t>(written++));
    }
    const auto text = transmitted(uart);
    REQUIRE(text.size() == written);
    for (std::size_t i = 0; i < written; ++i) {
      REQUIRE(static_cast<std::uint8_t>(text[i]) == static_cast<std::uint8_t>(i));
    }
  }
  SECTION("and beyond the buffer the newest bytes go, nothing else") {
    for (int i = 0; i < 10'000; ++i) uart.write(thr, 'x');
    CHECK(uart.output_bytes() == OutputBuffer::capacity_bytes);
    CHECK(uart.sent_bytes() == OutputBuffer::capacity_bytes);
  }
}

TEST_CASE("16550: FIFO resets do not take back what was sent", "[devices][serial]") {
  auto uart = opened();
  uart.write(thr, 'A');
  uart.write(fcr, 0x07);
  uart.write(fcr, 0x00);
  CHECK(transmitted(uart) == "A");
}

TEST_CASE("16550: IIR says whether the FIFOs are on", "[devices][serial]") {
  Uart16550Registers uart;
  uart.write(fcr, 0xC6);  // without bit 0 the others do nothing
  CHECK(uart.read(iir) == 0x01);
  uart.write(fcr, 0x01);
  CHECK(uart.read(iir) == 0xC1);
  uart.write(fcr, 0x00);
  CHECK(uart.read(iir) == 0x01);
}

TEST_CASE("16550: received bytes are read in order", "[devices][serial]") {
  auto uart = opened();
  CHECK(type(uart, "ab") == 2);
  CHECK(uart.read(lsr) == (thre_and_temt | 0x01));
  CHECK(uart.read(rbr) == 'a');
  CHECK(uart.read(rbr) == 'b');
  CHECK(uart.read(lsr) == thre_and_temt);
  CHECK(uart.read(rbr) == 0);
}

TEST_CASE("16550: the receiver holds 16 bytes, or 1 without FIFOs", "[devices][serial]") {
  auto uart = opened();
  CHECK(uart.receive_space() == 16);
  CHECK(type(uart, "0123456789abcdefgh") == 16);
  CHECK(uart.receive_space() == 0);
  CHECK(type(uart, "x") == 0);
  CHECK((uart.read(lsr) & 0x02) == 0);  // holding the terminal back is no overrun

  uart.write(fcr, 0x00);
  CHECK(uart.read(lsr) == thre_and_temt);  // a change of mode clears the FIFO
  CHECK(type(uart, "xy") == 1);
  CHECK(uart.read(rbr) == 'x');
}

TEST_CASE("16550: the receive FIFO is cleared on request", "[devices][serial]") {
  auto uart = opened(rdi);
  type(uart, "abc");
  uart.write(fcr, 0x01);
  CHECK((uart.read(lsr) & 0x01) != 0);
  uart.write(fcr, 0x05);  // clear the transmit side only
  CHECK((uart.read(lsr) & 0x01) != 0);
  uart.write(fcr, 0x03);
  CHECK(uart.read(lsr) == thre_and_temt);
  CHECK_FALSE(uart.interrupt_pending());
}

TEST_CASE("16550: data interrupts at the trigger level, and times out below it",
          "[devices][serial]") {
  struct Level {
    std::uint8_t fifo_control;
    std::size_t bytes;
  };
  for (const Level level : {Level{0x01, 1}, Level{0x41, 4}, Level{0x81, 8}, Level{0xC1, 14}}) {
    auto uart = opened(rdi, level.fifo_control);
    CHECK_FALSE(uart.interrupt_pending());
    for (std::size_t size = 1; size <= 16; ++size) {
      type(uart, "x");
      CHECK(uart.interrupt_pending());
      CHECK(cause(uart) == (size < level.bytes ? 0xC : 0x4));
    }
    for (std::size_t size = 15; size > 0; --size) {
      uart.read(rbr);
      CHECK(cause(uart) == (size < level.bytes ? 0xC : 0x4));
    }
    uart.read(rbr);
    CHECK(cause(uart) == no_interrupt);
    CHECK_FALSE(uart.interrupt_pending());
  }
}

TEST_CASE("16550: without FIFOs one byte is data available", "[devices][serial]") {
  auto uart = opened(rdi, 0x00);
  type(uart, "x");
  CHECK(uart.read(iir) == 0x04);
  uart.read(rbr);
  CHECK(uart.read(iir) == 0x01);
}

TEST_CASE("16550: THR-empty interrupts when enabled, and after a burst", "[devices][serial]") {
  auto uart = opened();
  uart.write(ier, thri);
  CHECK(uart.interrupt_pending());
  CHECK(cause(uart) == 0x02);
  CHECK(cause(uart) == no_interrupt);  // reading IIR was the acknowledgement
  CHECK_FALSE(uart.interrupt_pending());

  uart.write(ier, thri | rdi);  // enabled already: no news
  CHECK_FALSE(uart.interrupt_pending());

  uart.write(thr, 'A');
  CHECK(cause(uart) == 0x02);

  uart.write(thr, 'B');
  uart.write(ier, 0);
  CHECK_FALSE(uart.interrupt_pending());
  uart.write(ier, thri);
  CHECK(uart.interrupt_pending());
}

TEST_CASE("16550: THR-empty does not interrupt in the middle of a burst", "[devices][serial]") {
  auto uart = opened(thri);
  CHECK(cause(uart) == 0x02);
  for (const char c : std::string_view{"burst"}) {
    uart.write(thr, static_cast<std::uint8_t>(c));
    REQUIRE_FALSE(uart.interrupt_pending());
  }
  CHECK(transmitted(uart) == "burst");
  CHECK_FALSE(uart.interrupt_pending());  // the terminal is fast, and the driver may not be done

  SECTION("but after it, when the driver looks at something else") {
    uart.read(msr);
    CHECK(uart.interrupt_pending());
  }
  SECTION("or when the terminal finds no more") {
    CHECK(transmitted(uart).empty());
    CHECK(uart.interrupt_pending());
  }
  SECTION("or when the FIFO is full") {
    for (std::size_t i = 5; i < Uart16550Registers::fifo_depth_bytes; ++i) {
      REQUIRE_FALSE(uart.interrupt_pending());
      uart.write(thr, 'x');
    }
    CHECK(uart.interrupt_pending());
  }
  SECTION("and not at all if the driver has no more to send") {
    uart.write(ier, rdi);
    CHECK_FALSE(uart.interrupt_pending());
    CHECK(cause(uart) == no_interrupt);
  }
}

TEST_CASE("16550: without FIFOs, THR-empty interrupts after each byte", "[devices][serial]") {
  auto uart = opened(thri, 0x00);
  CHECK(cause(uart) == 0x02);
  CHECK_FALSE(uart.interrupt_pending());
  uart.write(thr, 'A');
  CHECK(uart.interrupt_pending());
}

TEST_CASE("16550: reading IIR acknowledges THR-empty only if that is what it shows",
          "[devices][serial]") {
  auto uart = opened(rdi | thri);
  type(uart, "x");
  CHECK(cause(uart) == 0x04);
  uart.read(rbr);
  CHECK(cause(uart) == 0x02);
  CHECK(cause(uart) == no_interrupt);
}

TEST_CASE("16550: the most urgent cause is shown first", "[devices][serial]") {
  auto uart = opened(rdi | thri | rlsi | msi);
  uart.write(mcr, dtr | rts | out2 | loop);  // CTS.. as before but for RI; DCD from OUT2
  uart.write(mcr, dtr | out2);               // RTS fell while looped: CTS changed
  uart.write(mcr, dtr | rts | out2);
  uart.receive_break();
  CHECK(cause(uart) == 0x06);
  uart.read(lsr);
  CHECK(cause(uart) == 0x04);
  uart.read(rbr);
  CHECK(cause(uart) == 0x02);
  uart.write(mcr, dtr | rts | out2 | loop);
  uart.write(mcr, dtr | out2 | loop);
  CHECK(cause(uart) == 0x00);
  uart.read(msr);
  CHECK(cause(uart) == no_interrupt);
}

TEST_CASE("16550: a break is a zero byte with BI, told when it is next to be read",
          "[devices][serial]") {
  auto uart = opened(rlsi | rdi);
  type(uart, "a");
  uart.receive_break();
  CHECK(uart.read(lsr) == (thre_and_temt | 0x81));  // an error is in the FIFO, not yet on top
  CHECK(cause(uart) == 0x04);
  CHECK(uart.read(rbr) == 'a');
  CHECK(cause(uart) == 0x06);
  CHECK(uart.read(lsr) == (thre_and_temt | 0x91));
  CHECK(uart.read(lsr) == (thre_and_temt | 0x01));  // told once
  CHECK(uart.read(rbr) == 0);
  CHECK(cause(uart) == no_interrupt);
}

TEST_CASE("16550: without FIFOs there is no error-in-FIFO bit", "[devices][serial]") {
  auto uart = opened(0, 0x00);
  uart.receive_break();
  CHECK(uart.read(lsr) == (thre_and_temt | 0x11));
}

TEST_CASE("16550: loopback returns what is sent, and connects outputs to inputs",
          "[devices][serial]") {
  auto uart = opened();
  uart.write(mcr, loop);
  CHECK((uart.read(msr) & 0xF0) == 0);
  uart.write(mcr, loop | rts);
  CHECK(uart.read(msr) == 0x11);  // CTS, changed
  uart.write(mcr, loop | rts | dtr);
  CHECK(uart.read(msr) == 0x32);  // and DSR
  uart.write(mcr, loop | rts | dtr | out1);
  CHECK(uart.read(msr) == 0x70);  // RI tells nothing when it begins
  uart.write(mcr, loop | rts | dtr | out2);
  CHECK(uart.read(msr) == 0xBC);  // DCD came, RI ended
  CHECK(uart.read(msr) == 0xB0);

  uart.write(thr, 'L');
  CHECK(uart.read(rbr) == 'L');
  CHECK(uart.output_bytes() == 0);
  CHECK(uart.sent_bytes() == 0);

  uart.write(mcr, rts | dtr | out2);
  CHECK(uart.read(msr) == 0xB0);
  uart.write(thr, 'T');
  CHECK(transmitted(uart) == "T");
}

TEST_CASE("16550: in loopback the terminal is cut off", "[devices][serial]") {
  auto uart = opened(rdi);
  uart.write(mcr, loop | rts | out2);
  CHECK(uart.receive_space() == 0);
  uart.receive_break();
  uart.write(lcr, 0x43);  // a break we send acts on the wire only
  CHECK(uart.read(lsr) == thre_and_temt);
}

TEST_CASE("16550: an overrun in a FIFO loses the newest byte", "[devices][serial]") {
  auto uart = opened(rlsi);
  uart.write(mcr, loop);
  for (std::uint8_t i = 0; i < 17; ++i) uart.write(thr, i);
  CHECK(cause(uart) == 0x06);
  CHECK(uart.read(lsr) == (thre_and_temt | 0x03));
  CHECK(uart.read(lsr) == (thre_and_temt | 0x01));
  for (std::uint8_t i = 0; i < 16; ++i) CHECK(uart.read(rbr) == i);
  CHECK(uart.read(lsr) == thre_and_temt);
}

TEST_CASE("16550: an overrun without FIFOs destroys the unread byte", "[devices][serial]") {
  auto uart = opened(0, 0x00);
  uart.write(mcr, loop);
  uart.write(thr, 'a');
  uart.write(thr, 'b');
  CHECK(uart.read(lsr) == (thre_and_temt | 0x03));
  CHECK(uart.read(rbr) == 'b');
}

TEST_CASE("16550: the interrupt reaches the PC only through OUT2", "[devices][serial]") {
  auto uart = opened(rdi);
  type(uart, "x");
  CHECK(uart.interrupt_pending());
  uart.write(mcr, rts);
  CHECK_FALSE(uart.interrupt_pending());
  CHECK(cause(uart) == 0x04);  // the chip itself does interrupt
  uart.write(mcr, out2 | loop);
  CHECK_FALSE(uart.interrupt_pending());
  uart.write(mcr, out2);
  CHECK(uart.interrupt_pending());
}

TEST_CASE("16550: with a handshake, the terminal waits until the guest listens",
          "[devices][serial]") {
  Uart16550Registers uart{devices::TerminalHandshake::GuestListens};
  CHECK(uart.receive_space() == 0);
  SECTION("by RTS") {
    uart.write(mcr, rts);
  }
  SECTION("by the receive interrupt") {
    uart.write(ier, rdi);
  }
  CHECK(uart.receive_space() == 1);
}

TEST_CASE("16550: without a handshake, the terminal never waits", "[devices][serial]") {
  Uart16550Registers uart{devices::TerminalHandshake::None};
  CHECK(uart.receive_space() == 1);
}
