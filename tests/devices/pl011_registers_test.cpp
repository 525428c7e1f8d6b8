#include "devices/serial/pl011_registers.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <utility>

#include "tests/devices/pl011_bench.hpp"

using namespace pl011;

TEST_CASE("PL011: is revision r1p5, whose FIFOs hold 32", "[devices][serial]") {
  Pl011Registers uart;
  constexpr std::array<std::uint32_t, 8> id{0x11, 0x10, 0x34, 0x00, 0x0D, 0xF0, 0x05, 0xB1};
  for (std::size_t i = 0; i < id.size(); ++i) {
    uart.write(0xFE0 + 4 * i, 0xFF);
    CHECK(uart.read(0xFE0 + 4 * i) == id[i]);
  }
}

TEST_CASE("PL011: starts as firmware leaves it", "[devices][serial]") {
  Pl011Registers uart;
  CHECK(uart.read(fr) == idle);
  CHECK(uart.read(cr) == (uarten | txe | rxe));
  CHECK(uart.read(lcr_h) == (fen | eight_bits));
  CHECK(uart.read(ibrd) == 13);  // 24 MHz / (16 * 115200) is 13 and 1.3 64ths
  CHECK(uart.read(fbrd) == 1);
  CHECK(uart.read(ifls) == 0x12);
  for (const auto offset : {rsr, imsc, ris, mis, dmacr, ilpr}) CHECK(uart.read(offset) == 0);
}

TEST_CASE("PL011: only the bits that exist can be written", "[devices][serial]") {
  Pl011Registers uart;
  constexpr std::array<std::pair<std::uint64_t, std::uint32_t>, 8> registers{{{ilpr, 0xFF},
                                                                              {ibrd, 0xFFFF},
                                                                              {fbrd, 0x3F},
                                                                              {lcr_h, 0xFF},
                                                                              {cr, 0xFF87},
                                                                              {ifls, 0x3F},
                                                                              {imsc, 0x7FF},
                                                                              {dmacr, 0x07}}};
  for (const auto& [offset, mask] : registers) {
    uart.write(offset, ~0u);
    CHECK(uart.read(offset) == mask);
    uart.write(offset, 0);
    CHECK(uart.read(offset) == 0);
  }
}

TEST_CASE("PL011: what is read-only, write-only or not there", "[devices][serial]") {
  Pl011Registers uart;
  for (const auto offset : {fr, ris, mis}) {
    const auto before = uart.read(offset);
    uart.write(offset, ~before);
    CHECK(uart.read(offset) == before);
  }
  CHECK(uart.read(icr) == 0);
  for (std::uint64_t offset = 0x4C; offset < 0xFE0; offset += 4) {
    uart.write(offset, ~0u);
    REQUIRE(uart.read(offset) == 0);
  }
}

TEST_CASE("PL011: a byte is sent at once, and the FIFO is empty again", "[devices][serial]") {
  auto uart = opened();
  for (const char c : std::string{"hello"}) {
    uart.write(dr, static_cast<std::uint8_t>(c));
    CHECK(uart.read(fr) == idle);
  }
  CHECK(uart.sent_bytes() == 5);
  CHECK(transmitted(uart) == "hello");
}

TEST_CASE("PL011: the transmit interrupt begins with the first byte to leave",
          "[devices][serial]") {
  auto uart = opened(tx);
  CHECK_FALSE(uart.interrupt_pending());  // no passage through the level yet
  uart.write(dr, 'x');
  CHECK(uart.read(ris) == tx);
  CHECK(uart.read(mis) == tx);
  CHECK(uart.interrupt_pending());
  uart.write(imsc, 0);
  CHECK(uart.read(ris) == tx);
  CHECK(uart.read(mis) == 0);
  CHECK_FALSE(uart.interrupt_pending());
  uart.write(icr, tx);
  CHECK(uart.read(ris) == 0);
  uart.write(dr, 'x');
  CHECK(uart.read(ris) == tx);
}

TEST_CASE("PL011: a terminal that lags makes the transmitter busy, and nothing is lost",
          "[devices][serial]") {
  auto uart = opened(tx);
  std::size_t written = 0;
  while ((uart.read(fr) & txff) == 0) uart.write(dr, static_cast<std::uint8_t>(written++));
  CHECK(written == OutputBuffer::busy_above_bytes + 1);
  CHECK((uart.read(fr) & (txfe | txff | busy)) == (txff | busy));
  CHECK_FALSE(uart.interrupt_pending());

  SECTION("until it catches up, which interrupts") {
    std::array<std::byte, 1> one;
    uart.take_transmitted(one);
    CHECK(uart.interrupt_pending());
    CHECK(uart.read(fr) == idle);
  }
  SECTION("even if the driver writes a FIFO's worth without a look") {
    for (int i = 0; i < 32; ++i) uart.write(dr, static_cast<std::uint8_t>(written++));
    const auto text = transmitted(uart);
    REQUIRE(text.size() == written);
    for (std::size_t i = 0; i < written; ++i) {
      REQUIRE(static_cast<std::uint8_t>(text[i]) == static_cast<std::uint8_t>(i));
    }
  }
  SECTION("and beyond the buffer the newest bytes go, nothing else") {
    for (int i = 0; i < 10'000; ++i) uart.write(dr, 'x');
    CHECK(uart.output_bytes() == OutputBuffer::capacity_bytes);
    CHECK(uart.sent_bytes() == OutputBuffer::capacity_bytes);
  }
}

TEST_CASE("PL011: a disabled transmitter holds a FIFO's worth until it is enabled",
          "[devices][serial]") {
  auto uart = opened();
  SECTION("by UARTEN") {
    uart.write(cr, txe | rxe);
  }
  SECTION("by TXE") {
    uart.write(cr, uarten | rxe);
  }
  SECTION("by flow control, while nobody is clear to send") {
    uart.write(cr, uarten | txe | rxe | lbe | cts_flow);
  }
  for (int i = 0; i < 32; ++i) {
    CHECK((uart.read(fr) & txff) == 0);
    uart.write(dr, 'h');
    CHECK((uart.read(fr) & (txfe | busy)) == busy);
  }
  CHECK((uart.read(fr) & txff) != 0);
  uart.write(dr, 'l');  // lost
  CHECK((uart.read(ris) & tx) == 0);
  CHECK(uart.output_bytes() == 0);

  uart.write(cr, uarten | txe);
  CHECK(transmitted(uart) == std::string(32, 'h'));
  CHECK((uart.read(fr) & (txfe | txff | busy)) == txfe);
  CHECK((uart.read(ris) & tx) != 0);
}

TEST_CASE("PL011: turning the FIFOs off flushes what has not been sent", "[devices][serial]") {
  auto uart = opened();
  uart.write(dr, 'A');
  uart.write(cr, 0);
  uart.write(dr, 'B');
  uart.write(lcr_h, eight_bits);
  uart.write(lcr_h, eight_bits | fen);
  uart.write(cr, uarten | txe);
  CHECK(transmitted(uart) == "A");
}

TEST_CASE("PL011: received bytes are read in order", "[devices][serial]") {
  auto uart = opened();
  CHECK(type(uart, "ab") == 2);
  CHECK((uart.read(fr) & rxfe) == 0);
  CHECK(uart.read(dr) == 'a');
  CHECK(uart.read(dr) == 'b');
  CHECK((uart.read(fr) & rxfe) != 0);
  CHECK(uart.read(dr) == 0);
}

TEST_CASE("PL011: takes 32 bytes, or one without FIFOs", "[devices][serial]") {
  auto uart = opened(rx);
  const std::string text(40, 't');
  CHECK(uart.receive_space() == 32);
  CHECK(type(uart, text) == 32);
  CHECK((uart.read(fr) & rxff) != 0);
  CHECK(uart.receive_space() == 0);

  uart.write(lcr_h, eight_bits);
  CHECK((uart.read(fr) & (rxfe | rxff)) == rxfe);
  CHECK(type(uart, text) == 1);
  CHECK((uart.read(fr) & (rxfe | rxff)) == rxff);
  CHECK(uart.read(mis) == rx);
  uart.write(lcr_h, eight_bits | fen);  // which loses nothing
  CHECK(uart.read(mis) == 0);
  CHECK(uart.receive_space() == 31);
  CHECK(uart.read(dr) == 't');
}

TEST_CASE("PL011: the receive interrupt comes at the trigger level", "[devices][serial]") {
  constexpr std::array<std::size_t, 5> levels{4, 8, 16, 24, 28};
  for (std::uint32_t select = 0; select < levels.size(); ++select) {
    auto uart = opened(rx);
    uart.write(ifls, select << 3);
    type(uart, std::string(levels[select] - 1, 't'));
    CHECK_FALSE(uart.interrupt_pending());
    type(uart, "t");
    CHECK(uart.read(mis) == rx);
    uart.write(icr, rx);  // it says what is in the FIFO, whatever is cleared
    CHECK(uart.interrupt_pending());
    (void)uart.read(dr);
    CHECK_FALSE(uart.interrupt_pending());
  }
}

TEST_CASE("PL011: what is below the trigger level has timed out", "[devices][serial]") {
  auto uart = opened(rx | rt);
  type(uart, "k");
  CHECK(uart.read(mis) == rt);
  uart.write(icr, rt);
  CHECK(uart.read(mis) == rt);
  CHECK(uart.read(dr) == 'k');
  CHECK_FALSE(uart.interrupt_pending());
}

TEST_CASE("PL011: a disabled receiver takes nothing", "[devices][serial]") {
  auto uart = opened();
  uart.write(cr, uarten | txe | rts);
  CHECK(type(uart, "x") == 0);
  uart.write(cr, txe | rxe | rts);
  CHECK(type(uart, "x") == 0);
  uart.receive_break();
  CHECK((uart.read(fr) & rxfe) != 0);
  uart.write(cr, uarten | rxe | rts);
  CHECK(type(uart, "x") == 1);
}

TEST_CASE("PL011: a break shows with its byte, and in UARTRSR until the next",
          "[devices][serial]") {
  auto uart = opened(be);
  type(uart, "a");
  uart.receive_break();
  type(uart, "b");
  CHECK(uart.read(mis) == be);
  uart.write(icr, be);
  CHECK_FALSE(uart.interrupt_pending());
  CHECK(uart.read(dr) == 'a');
  CHECK(uart.read(rsr) == 0);
  CHECK(uart.read(dr) == dr_break);
  CHECK(uart.read(rsr) == dr_break >> 8);
  CHECK(uart.read(dr) == 'b');
  CHECK(uart.read(rsr) == 0);
}

TEST_CASE("PL011: an overrun loses the newest byte, and the next one tells of it",
          "[devices][serial]") {
  auto uart = opened(oe);
  uart.write(cr, uarten | txe | rxe | lbe);
  for (std::uint8_t i = 0; i < 32; ++i) uart.write(dr, i);
  CHECK_FALSE(uart.interrupt_pending());
  uart.write(dr, 32);
  CHECK(uart.read(mis) == oe);
  CHECK(uart.read(rsr) == dr_overrun >> 8);
  for (std::uint8_t i = 0; i < 32; ++i) CHECK(uart.read(dr) == i);
  CHECK(uart.read(rsr) == dr_overrun >> 8);  // until it is cleared
  uart.write(ecr, 0xFF);
  CHECK(uart.read(rsr) == 0);
  uart.write(dr, 33);
  uart.write(dr, 34);
  CHECK(uart.read(dr) == (dr_overrun | 33));
  CHECK(uart.read(dr) == 34);
  uart.write(icr, oe);
  CHECK_FALSE(uart.interrupt_pending());
}

TEST_CASE("PL011: loopback returns what is sent, and connects outputs to inputs",
          "[devices][serial]") {
  auto uart = opened(ri_m | cts_m | dcd_m | dsr_m);
  constexpr auto on = uarten | txe | rxe | lbe;
  uart.write(cr, on);
  CHECK((uart.read(fr) & modem_lines) == 0);
  CHECK(uart.read(mis) == (cts_m | dcd_m | dsr_m));
  uart.write(icr, ~0u);
  CHECK_FALSE(uart.interrupt_pending());

  constexpr std::array<std::array<std::uint32_t, 3>, 4> wires{
      {{rts, cts, cts_m}, {dtr, dsr, dsr_m}, {out1, dcd, dcd_m}, {out2, ri, ri_m}}};
  for (const auto& [output, input, change] : wires) {
    for (const bool raised : {true, false}) {
      uart.write(cr, raised ? on | output : on);
      CHECK((uart.read(fr) & modem_lines) == (raised ? input : 0));
      CHECK(uart.read(mis) == change);
      uart.write(icr, change);
    }
  }

  uart.write(dr, 'L');
  CHECK(uart.read(dr) == 'L');
  uart.write(cr, on & ~rxe);
  uart.write(dr, 'M');
  CHECK((uart.read(fr) & rxfe) != 0);
  CHECK(uart.sent_bytes() == 0);
}

TEST_CASE("PL011: in loopback the terminal is cut off", "[devices][serial]") {
  auto uart = opened();
  uart.write(cr, uarten | txe | rxe | lbe | rts);
  CHECK(uart.receive_space() == 0);
  uart.receive_break();
  CHECK((uart.read(fr) & rxfe) != 0);
}

TEST_CASE("PL011: with a handshake, the terminal waits until the guest listens",
          "[devices][serial]") {
  // By a receive interrupt, having found the FIFO empty.
  Pl011Registers uart;
  CHECK(uart.receive_space() == 0);
  uart.write(cr, uarten | txe | rxe | rts);
  CHECK(uart.receive_space() == 0);
  uart.write(imsc, rx);
  CHECK(uart.receive_space() == 0);
  (void)uart.read(fr);
  CHECK(uart.receive_space() == 32);
  uart.write(imsc, 0);
  CHECK(uart.receive_space() == 0);
  uart.write(imsc, rt);
  CHECK(uart.receive_space() == 32);
  uart.write(icr, rx | rt);  // as handlers do that clear what they have been told
  CHECK(uart.receive_space() == 32);
}

TEST_CASE("PL011: without a handshake, the terminal never waits", "[devices][serial]") {
  Pl011Registers uart{devices::TerminalHandshake::None};
  CHECK(uart.receive_space() == 32);
}
