// What the shell makes of a PL011. Its tasks are those of every serial port: see uart_16550_test.

#include "devices/serial/pl011.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <thread>

#include "runtime/timer.hpp"
#include "tests/devices/beside.hpp"
#include "tests/devices/fake_terminal.hpp"
#include "tests/devices/fakes.hpp"
#include "tests/devices/pl011_bench.hpp"
#include "tests/support/test_loop.hpp"

using namespace pl011;
using namespace std::chrono_literals;
using runtime::Task;

namespace {

/// A port, its terminal, and the loop its tasks run on.
struct Bench {
  Bench() {
    write(cr, uarten | txe | rxe | dtr | rts);
    interrupt.tell(raised);
  }

  void write(std::uint64_t offset, std::uint32_t value) { write_to(port, offset, value); }
  std::uint32_t read(std::uint64_t offset) { return read_from<std::uint32_t>(port, offset); }

  void run(Task<> script) { loop.run(beside(port, std::move(script))); }

  TestLoop loop;
  FakeTerminal terminal{loop.executor()};
  FakeInterrupt interrupt;
  runtime::Event raised{loop.executor()};
  devices::Pl011 port{loop.executor(), interrupt.line(), terminal,
                      devices::TerminalHandshake::None};
};

Task<> interrupted(Bench& bench) {
  while (!bench.interrupt.asserted()) co_await bench.raised.wait();
}

Task<> drains(Bench& bench, std::string_view expected) {
  co_await bench.port.drain();
  CHECK(bench.terminal.output == expected);
}

Task<> types_more_than_fits(Bench& bench) {
  bench.write(imsc, rx | rt);
  bench.terminal.type(std::string(40, 't'));
  for (const int expected : {32, 8}) {
    co_await interrupted(bench);
    int count = 0;
    for (; (bench.read(fr) & rxfe) == 0; ++count) CHECK(bench.read(dr) == 't');
    CHECK(count == expected);
  }
  CHECK_FALSE(bench.interrupt.asserted());
}

Task<> fills_up_stuck_terminal(Bench& bench) {
  bench.write(dr, '>');
  while (bench.terminal.writes == 0) co_await runtime::sleep_for(0s);
  bench.write(imsc, tx);
  std::size_t written = 0;
  for (; (bench.read(fr) & txff) == 0; ++written) bench.write(dr, 'x');
  CHECK(written == OutputBuffer::busy_above_bytes + 1);
  CHECK_FALSE(bench.interrupt.asserted());

  bench.terminal.release();
  co_await interrupted(bench);
  CHECK((bench.read(fr) & txfe) != 0);
  co_await bench.port.drain();
  CHECK(bench.terminal.output.size() == written + 1);
}

/// The guest: a thread that prints, then echoes what it gets until a full stop.
void print_and_echo(Bench& bench, std::string_view text) {
  const auto print = [&](char c) {
    while ((bench.read(fr) & txff) != 0) std::this_thread::yield();
    bench.write(dr, static_cast<std::uint8_t>(c));
  };
  for (const char c : text) print(c);
  for (char c = 0; c != '.';) {
    if ((bench.read(fr) & rxfe) != 0) {
      std::this_thread::yield();
      continue;
    }
    c = static_cast<char>(bench.read(dr));
    print(c);
  }
}

Task<> talks_to_a_thread(Bench& bench, const std::string& typed) {
  runtime::Event finished{co_await runtime::this_executor};
  const std::string printed(20'000, 'p');
  std::thread vcpu{[&] {
    print_and_echo(bench, printed);
    finished.notify();
  }};
  bench.terminal.type(typed);
  co_await finished.wait();
  vcpu.join();
  co_await bench.port.drain();
  CHECK(bench.terminal.output == printed + typed);
}

}  // namespace

TEST_CASE("PL011 port: accesses of 1, 2, 4 and 8 bytes", "[devices][serial]") {
  Bench bench;
  write_to<std::uint8_t>(bench.port, dr, 'a');
  write_to<std::uint16_t>(bench.port, dr, 'b');
  write_to<std::uint32_t>(bench.port, dr, 'c');
  CHECK(bench.port.sent_bytes() == 3);
  CHECK(read_from<std::uint8_t>(bench.port, fr) == (idle & 0xFF));
  CHECK(read_from<std::uint16_t>(bench.port, fr) == idle);
  CHECK(read_from<std::uint8_t>(bench.port, cr + 1) == (uarten | txe | rxe | dtr | rts) >> 8);
  CHECK(read_from<std::uint64_t>(bench.port, ibrd - 4) == 13ULL << 32);
  CHECK(read_from<std::uint16_t>(bench.port, 0xFFC) == 0xB1);

  write_to<std::uint8_t>(bench.port, dr + 1, 'd');  // not where the register begins
  CHECK(bench.port.sent_bytes() == 3);
  write_to<std::uint64_t>(bench.port, ibrd, 0x2A'0000'0007);
  CHECK(bench.read(ibrd) == 7);
  CHECK(bench.read(fbrd) == 0x2A);
  bench.run(drains(bench, "abc"));
}

TEST_CASE("PL011 port: input beyond the FIFO stays in the terminal", "[devices][serial]") {
  Bench bench;
  bench.run(types_more_than_fits(bench));
}

TEST_CASE("PL011 port: a stuck terminal holds the guest back and loses nothing",
          "[devices][serial]") {
  Bench bench;
  bench.terminal.stuck = true;
  bench.run(fills_up_stuck_terminal(bench));
}

TEST_CASE("PL011 port: a vCPU's thread and the port's tasks", "[devices][serial]") {
  Bench bench;
  bench.run(talks_to_a_thread(bench, std::string(500, 't') + '.'));
}
