// The register sequences of Linux's PL011 driver (drivers/tty/serial/amba-pl011.c), and what it
// concludes from them: the full driver's ("arm,pl011"), and that of the subset ("arm,sbsa-uart",
// "ARMH0011"), which never touches UARTCR, UARTLCR_H, UARTIFLS and the baud rate.

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <string_view>

#include "tests/devices/pl011_bench.hpp"

using namespace pl011;

namespace {

enum class Driver { Full, Subset };

/// amba_device_add(): part, designer and revision, by which the full driver is found.
std::uint32_t peripheral_id(Pl011Registers& uart) {
  std::uint32_t id = 0;
  for (unsigned i = 0; i < 4; ++i) id |= uart.read(0xFE0 + 4 * i) << (8 * i);
  return id;
}

void register_port(Pl011Registers& uart) {
  uart.write(imsc, 0);
  uart.write(icr, 0xFFFF);
}

void hardware_init(Pl011Registers& uart) {
  uart.write(icr, 0x7D0);
  (void)uart.read(imsc);
  uart.write(imsc, rx | rt);
}

void enable_interrupts(Pl011Registers& uart) {
  uart.write(icr, rx | rt);
  for (int i = 0; i < 2 * 32 && (uart.read(fr) & rxfe) == 0; ++i) (void)uart.read(dr);
  uart.write(imsc, rx | rt);
}

void set_modem_control(Pl011Registers& uart, std::uint32_t raised) {
  uart.write(cr, (uart.read(cr) & ~(rts | dtr | out1 | out2 | lbe)) | raised);
}

/// pl011_set_termios(): 115200n8.
void set_termios(Pl011Registers& uart) {
  const auto control = uart.read(cr);
  uart.write(fbrd, 1);
  uart.write(ibrd, 13);
  uart.write(lcr_h, eight_bits | fen);
  uart.write(cr, control & ~(rts_flow | cts_flow));
}

/// uart_startup() for the first process that opens the terminal.
void start_up(Pl011Registers& uart, Driver driver) {
  hardware_init(uart);
  uart.write(imsc, 0);  // pl011_allocate_irq
  if (driver == Driver::Full) {
    uart.write(ifls, 0x12);
    uart.write(cr, (uart.read(cr) & (rts | dtr)) | uarten | rxe | txe);
    (void)uart.read(fr);
  }
  enable_interrupts(uart);
  if (driver == Driver::Full) {
    set_termios(uart);
    set_modem_control(uart, rts | dtr);
  }
}

void shut_down(Pl011Registers& uart, Driver driver) {
  if (driver == Driver::Full) set_modem_control(uart, 0);
  uart.write(imsc, 0);
  uart.write(icr, 0xFFFF);
  if (driver == Driver::Subset) return;
  uart.write(cr, (uart.read(cr) & (rts | dtr)) | uarten | txe);
  uart.write(lcr_h, uart.read(lcr_h) & ~(fen | 1u));
}

/// pl011_console_write(); returns how often it had to look at UARTFR.
int console_write(Pl011Registers& uart, std::string_view text, Driver driver) {
  const auto control = driver == Driver::Full ? uart.read(cr) : 0;
  if (driver == Driver::Full) uart.write(cr, (control & ~cts_flow) | uarten | txe);
  int looks = 0;
  for (const char c : text) {
    do ++looks;
    while ((uart.read(fr) & txff) != 0);
    uart.write(dr, static_cast<std::uint8_t>(c));
  }
  do ++looks;
  while ((uart.read(fr) & busy) != 0);
  if (driver == Driver::Full) uart.write(cr, control);
  return looks;
}

/// The driver's half of one open terminal.
struct Port {
  explicit Port(Driver driver) { start_up(uart, driver); }

  void stop_transmitter() { uart.write(imsc, mask &= ~tx); }

  /// pl011_start_tx_pio(): what goes without an interrupt.
  void start_transmitter() {
    while (!to_send.empty() && (uart.read(fr) & txff) == 0) send_one();
    if (to_send.empty()) {
      stop_transmitter();
    } else {
      uart.write(imsc, mask |= tx);
    }
  }

  /// pl011_int(); returns its passes.
  int interrupt() {
    int passes = 0;
    for (auto status = uart.read(ris) & mask; status != 0 && passes < 256; ++passes) {
      uart.write(icr, status & ~(tx | rt | rx));
      if ((status & (rt | rx)) != 0) {
        while ((uart.read(fr) & rxfe) == 0) {
          received += static_cast<char>(uart.read(dr) & 0xFF);
        }
      }
      if ((status & tx) != 0) {
        // Half a FIFO, without a look at it.
        for (int i = 0; i < 16 && !to_send.empty(); ++i) send_one();
        if (to_send.empty()) stop_transmitter();
      }
      status = uart.read(ris) & mask;
    }
    return passes;
  }

  void send_one() {
    uart.write(dr, static_cast<std::uint8_t>(to_send.front()));
    to_send.remove_prefix(1);
  }

  Pl011Registers uart;
  std::uint32_t mask = rx | rt;
  std::string_view to_send;
  std::string received;
};

}  // namespace

TEST_CASE("PL011 driver: matches the id of ARM's own, with FIFOs of 32", "[devices][serial]") {
  Pl011Registers uart;
  const auto id = peripheral_id(uart);
  CHECK((id & 0x000FFFFF) == 0x00041011);
  CHECK((id >> 20 & 0x0F) >= 3);
}

TEST_CASE("PL011 driver: finds the speed that firmware has set", "[devices][serial]") {
  Pl011Registers uart;
  REQUIRE((uart.read(cr) & uarten) != 0);
  CHECK((uart.read(lcr_h) & 0x62) == eight_bits);
  const auto divisor = 64 * uart.read(ibrd) + uart.read(fbrd);
  const auto baud = Pl011Registers::clock_hz * 4 / divisor;
  CHECK(baud / 100 == 1152);
}

TEST_CASE("PL011 driver: the console looks once per byte and never waits", "[devices][serial]") {
  const std::string_view line = "[    0.000000] Booting Linux on physical CPU 0x0\r\n";
  for (const Driver driver : {Driver::Full, Driver::Subset}) {
    Pl011Registers uart;
    register_port(uart);
    if (driver == Driver::Full) set_modem_control(uart, 0);
    CHECK(console_write(uart, line, driver) == static_cast<int>(line.size()) + 1);
    CHECK(transmitted(uart) == line);
    CHECK_FALSE(uart.interrupt_pending());
  }
}

TEST_CASE("PL011 driver: output goes without an interrupt while the terminal keeps up",
          "[devices][serial]") {
  for (const Driver driver : {Driver::Full, Driver::Subset}) {
    Port port{driver};
    const std::string text(1000, 't');
    port.to_send = text;
    port.start_transmitter();
    CHECK(port.to_send.empty());
    CHECK_FALSE(port.uart.interrupt_pending());
    CHECK(transmitted(port.uart) == text);
  }
}

TEST_CASE("PL011 driver: what a slow terminal holds up goes on by interrupt, and none is lost",
          "[devices][serial]") {
  for (const Driver driver : {Driver::Full, Driver::Subset}) {
    Port port{driver};
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += static_cast<char>('a' + i % 26);
    port.to_send = text;
    port.start_transmitter();
    REQUIRE_FALSE(port.to_send.empty());

    std::string printed;
    int interrupts = 0;
    for (; !port.to_send.empty() && interrupts < 100; ++interrupts) {
      REQUIRE_FALSE(port.uart.interrupt_pending());
      printed += transmitted(port.uart);
      REQUIRE(port.uart.interrupt_pending());
      CHECK(port.interrupt() <= 256);
    }
    printed += transmitted(port.uart);
    CHECK(printed == text);
    CHECK(interrupts == 4);  // each fills the buffer, to 4 KiB, again
    CHECK_FALSE(port.uart.interrupt_pending());
  }
}

TEST_CASE("PL011 driver: one interrupt empties the receive FIFO, be it one key or 32",
          "[devices][serial]") {
  for (const Driver driver : {Driver::Full, Driver::Subset}) {
    for (const std::string_view text : {"k", "0123456789abcdefghijklmnopqrstuv"}) {
      Port port{driver};
      REQUIRE(type(port.uart, text) == text.size());
      REQUIRE(port.uart.interrupt_pending());
      CHECK(port.interrupt() == 1);
      CHECK(port.received == text);
      CHECK_FALSE(port.uart.interrupt_pending());
    }
  }
}

TEST_CASE("PL011 driver: what was piped in early waits for the driver", "[devices][serial]") {
  for (const Driver driver : {Driver::Full, Driver::Subset}) {
    Pl011Registers uart;
    const auto cannot_type = [&] { return type(uart, "early") == 0; };
    CHECK(cannot_type());
    register_port(uart);
    if (driver == Driver::Full) set_modem_control(uart, dtr);
    console_write(uart, "hello", driver);
    CHECK(cannot_type());

    for (int opened = 0; opened < 2; ++opened) {
      hardware_init(uart);
      CHECK(cannot_type());  // the interrupts are enabled, but for a moment
      uart.write(imsc, 0);
      start_up(uart, driver);
      CHECK(type(uart, "early") == 5);
      for (const char c : std::string_view{"early"}) {
        CHECK(uart.read(dr) == static_cast<std::uint8_t>(c));
      }
      shut_down(uart, driver);
      CHECK(cannot_type());
    }
  }
}

TEST_CASE("PL011 driver: what comes while it throttles input waits for it", "[devices][serial]") {
  for (const bool empties_fifo : {false, true}) {
    Port port{Driver::Full};
    REQUIRE(type(port.uart, "a") == 1);
    port.interrupt();
    port.uart.write(imsc, 0);  // pl011_throttle_rx
    CHECK(type(port.uart, "b") == 0);
    // pl011_unthrottle_rx, which once was the same as on the way up.
    if (empties_fifo) {
      enable_interrupts(port.uart);
    } else {
      port.uart.write(imsc, rx | rt);
    }
    CHECK(type(port.uart, "b") == 1);
    port.interrupt();
    CHECK(port.received == "ab");
  }
}

TEST_CASE("PL011 driver: the console goes on printing when nobody has the terminal open",
          "[devices][serial]") {
  for (const Driver driver : {Driver::Full, Driver::Subset}) {
    Pl011Registers uart;
    start_up(uart, driver);
    shut_down(uart, driver);
    console_write(uart, "still here", driver);
    CHECK(transmitted(uart) == "still here");
    CHECK_FALSE(uart.interrupt_pending());
  }
}
