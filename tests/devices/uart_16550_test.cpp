#include "devices/serial/uart_16550.hpp"

#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <thread>

#include "runtime/log.hpp"
#include "runtime/timer.hpp"
#include "tests/devices/beside.hpp"
#include "tests/devices/fake_terminal.hpp"
#include "tests/devices/fakes.hpp"
#include "tests/devices/uart_16550_bench.hpp"
#include "tests/support/log_capture.hpp"
#include "tests/support/test_loop.hpp"

using namespace uart;
using namespace std::chrono_literals;
using runtime::Task;

namespace {

/// A port with FIFOs on and all outputs raised, its terminal, and the loop its tasks run on.
struct Bench {
  explicit Bench(std::uint8_t interrupts = 0) {
    write(fcr, 0x01);
    write(mcr, dtr | rts | out2);
    write(ier, interrupts);
    interrupt.tell(raised);
  }

  void write(std::uint64_t offset, std::uint8_t value) { write_to(port, offset, value); }
  std::uint8_t read(std::uint64_t offset) { return read_from(port, offset); }
  bool ready() { return (read(lsr) & thre_and_temt) == thre_and_temt; }

  /// As a driver that waits for the transmitter; from another thread than the loop's.
  void print(std::string_view text) {
    for (const char c : text) {
      while (!ready()) std::this_thread::yield();
      write(thr, static_cast<std::uint8_t>(c));
    }
  }
  std::string read_all() {
    std::string text;
    while ((read(lsr) & 0x01) != 0) text += static_cast<char>(read(rbr));
    return text;
  }

  /// Runs `script` beside the port's own tasks, and stops those when it has finished.
  void run(Task<> script) { loop.run(beside(port, std::move(script))); }

  TestLoop loop;
  FakeTerminal terminal{loop.executor()};
  FakeInterrupt interrupt;
  runtime::Event raised{loop.executor()};
  devices::Uart16550 port{loop.executor(), interrupt.line(), terminal};
};

/// Until the line is high; an earlier edge may have been noted already.
Task<> interrupted(Bench& bench) {
  while (!bench.interrupt.asserted()) co_await bench.raised.wait();
}

Task<> prints_before_running(Bench& bench) {
  co_await bench.port.drain();
  CHECK(bench.terminal.output == "hello");
}

Task<> prints_one_byte(Bench& bench) {
  co_await runtime::sleep_for(0s);  // the port's tasks are asleep now
  bench.write(thr, 'x');
  co_await bench.port.drain();
  CHECK(bench.terminal.output == "x");
  CHECK(bench.terminal.writes == 1);
}

/// A driver that writes less than a FIFO, and leaves until it is told to go on.
Task<> prints_by_interrupts(Bench& bench, std::string_view text) {
  for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(text.size(), 5))) {
    co_await interrupted(bench);
    CHECK((bench.read(iir) & 0x0F) == 0x02);
    for (const char c : text.substr(0, 5)) bench.write(thr, static_cast<std::uint8_t>(c));
  }
  co_await interrupted(bench);
}

/// A line as Linux sends it, from start_tx to the interrupt handler's last look at IIR.
void print_as_linux(Bench& bench, std::string_view line) {
  bench.write(ier, rdi | rlsi | thri);
  CHECK((bench.read(iir) & 0x0F) == 0x02);
  CHECK(bench.ready());
  bench.read(msr);
  for (const char c : line) bench.write(thr, static_cast<std::uint8_t>(c));
  bench.write(ier, rdi | rlsi);
  CHECK((bench.read(iir) & 0x0F) == no_interrupt);
}

Task<> fills_up_stuck_terminal(Bench& bench) {
  bench.write(thr, '>');
  while (bench.terminal.writes == 0) co_await runtime::sleep_for(0s);
  std::size_t written = 0;
  for (; bench.ready(); ++written) bench.write(thr, static_cast<std::uint8_t>(written));
  CHECK(written > 1000);
  CHECK(written <= OutputBuffer::capacity_bytes);
  CHECK_FALSE(bench.interrupt.asserted());

  bench.terminal.release();
  co_await interrupted(bench);
  CHECK(bench.ready());
  co_await bench.port.drain();
  REQUIRE(bench.terminal.output.size() == written + 1);
  for (std::size_t i = 0; i < written; ++i) {
    REQUIRE(static_cast<std::uint8_t>(bench.terminal.output[i + 1]) == (i & 0xFF));
  }
}

Task<> loses_and_finds_terminal(Bench& bench) {
  bench.terminal.full = true;
  for (int i = 0; i < 3; ++i) {
    bench.write(thr, 'x');
    co_await bench.port.drain();
    CHECK(bench.ready());
  }
  bench.terminal.full = false;
  bench.write(thr, 'y');
  co_await bench.port.drain();
  CHECK(bench.terminal.output == "y");
}

Task<> drains_into_stuck_terminal(Bench& bench) {
  bench.write(thr, 'x');
  const bool drained = co_await runtime::with_deadline(5ms, bench.port.drain());
  CHECK_FALSE(drained);
}

Task<> types_more_than_fits(Bench& bench) {
  bench.terminal.type("0123456789abcdefghij");
  co_await interrupted(bench);
  // Give a port that would read ahead the chance to.
  for (int i = 0; i < 10; ++i) co_await runtime::sleep_for(0s);
  CHECK(bench.terminal.input == "ghij");
  CHECK(bench.terminal.reads == 1);
  CHECK(bench.read_all() == "0123456789abcdef");
  CHECK_FALSE(bench.interrupt.asserted());
  co_await interrupted(bench);
  CHECK(bench.read_all() == "ghij");
}

Task<> types_while_looped_back(Bench& bench) {
  while (bench.terminal.reads == 0) co_await runtime::sleep_for(0s);
  bench.write(mcr, rts | out2 | loop);  // after the port has begun to read
  bench.terminal.type("late");
  for (int i = 0; i < 10; ++i) co_await runtime::sleep_for(0s);
  CHECK(bench.read_all().empty());
  bench.write(mcr, rts | out2);
  co_await interrupted(bench);
  CHECK(bench.read_all() == "late");
}

Task<> prints_after_input_ended(Bench& bench) {
  bench.terminal.type("last words");
  co_await interrupted(bench);
  CHECK(bench.read_all() == "last words");
  bench.terminal.end_input();
  bench.write(thr, 'x');
  co_await bench.port.drain();
  CHECK(bench.terminal.output == "x");
}

/// The guest: a thread that prints, then echoes what it gets until a full stop.
void print_and_echo(Bench& bench, std::string_view text) {
  bench.print(text);
  for (char c = 0; c != '.';) {
    if ((bench.read(lsr) & 0x01) == 0) {
      std::this_thread::yield();
      continue;
    }
    c = static_cast<char>(bench.read(rbr));
    bench.print({&c, 1});
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

Task<> nothing() {
  co_return;
}

}  // namespace

TEST_CASE("serial port: what was written before it ran is not lost", "[devices][serial]") {
  Bench bench;
  for (const char c : std::string_view{"hello"}) bench.write(thr, static_cast<std::uint8_t>(c));
  bench.run(prints_before_running(bench));
  CHECK(bench.terminal.writes == 1);
}

TEST_CASE("serial port: one byte does not wait for a second", "[devices][serial]") {
  Bench bench;
  bench.run(prints_one_byte(bench));
}

TEST_CASE("serial port: each line of Linux's costs one interrupt", "[devices][serial]") {
  Bench bench{rdi | rlsi};
  for (int line = 1; line <= 100; ++line) {
    print_as_linux(bench, "a line\r\n");
    REQUIRE(bench.interrupt.edges() == line);
  }
}

TEST_CASE("serial port: a driver that only waits for its interrupt gets it", "[devices][serial]") {
  Bench bench{thri};
  const std::string text(100, 't');
  bench.run(prints_by_interrupts(bench, text));
  CHECK(bench.terminal.output == text);
}

TEST_CASE("serial port: a stuck terminal holds the guest back and loses nothing",
          "[devices][serial]") {
  Bench bench{thri};
  bench.terminal.stuck = true;
  CHECK(bench.read(iir) == 0xC2);
  bench.run(fills_up_stuck_terminal(bench));
}

TEST_CASE("serial port: a failing terminal costs one line in the log, and the guest nothing",
          "[devices][serial]") {
  Bench bench;
  LogCapture log;
  bench.run(loses_and_finds_terminal(bench));
  const std::string lines = log.finish();
  CHECK(std::ranges::count(lines, '\n') == 2);
  CHECK(lines.find("write to the fake terminal: No space left on device") != std::string::npos);
  CHECK(lines.find("3 bytes were lost") != std::string::npos);
}

TEST_CASE("serial port: draining can be given up, and run() stopped, while stuck",
          "[devices][serial]") {
  Bench bench;
  bench.terminal.stuck = true;
  bench.run(drains_into_stuck_terminal(bench));
  CHECK(bench.terminal.output.empty());
}

TEST_CASE("serial port: an idle port stops at once and drains at once", "[devices][serial]") {
  Bench bench;
  bench.run(nothing());
  bench.run(bench.port.drain());
  CHECK(bench.terminal.writes == 0);
}

TEST_CASE("serial port: input beyond the FIFO stays in the terminal", "[devices][serial]") {
  Bench bench{rdi};
  bench.run(types_more_than_fits(bench));
}

TEST_CASE("serial port: nothing is read before the guest listens", "[devices][serial]") {
  Bench bench;
  bench.write(mcr, dtr);
  bench.terminal.input = "early";
  bench.run(prints_one_byte(bench));
  CHECK(bench.terminal.reads == 0);
  CHECK(bench.terminal.input == "early");
}

TEST_CASE("serial port: input that finds no room any more waits", "[devices][serial]") {
  Bench bench{rdi};
  bench.run(types_while_looped_back(bench));
}

TEST_CASE("serial port: output goes on after the end of input", "[devices][serial]") {
  Bench bench{rdi};
  bench.run(prints_after_input_ended(bench));
}

TEST_CASE("serial port: output goes on after a failure of input", "[devices][serial]") {
  Bench bench;
  LogCapture log;
  bench.terminal.input_fails = true;
  bench.run(prints_one_byte(bench));
  CHECK(std::ranges::count(log.finish(), '\n') == 1);
}

TEST_CASE("serial port: counts for the boot timeline", "[devices][serial]") {
  Bench bench;
  CHECK(bench.port.sent_bytes() == 0);
  CHECK_FALSE(bench.port.first_byte_sent_at());
  const auto before = std::chrono::steady_clock::now();
  bench.write(thr, 'a');
  const auto first = bench.port.first_byte_sent_at();
  REQUIRE(first);
  CHECK(*first >= before);
  bench.write(thr, 'b');
  CHECK(bench.port.sent_bytes() == 2);
  CHECK(bench.port.first_byte_sent_at() == first);
}

TEST_CASE("serial port: a wide access is one access to each register in turn",
          "[devices][serial]") {
  Bench bench;
  bench.write(scr, 0xAB);
  CHECK(read_from<std::uint16_t>(bench.port, msr) == 0xABB0);
  write_to<std::uint16_t>(bench.port, mcr, 0x5508);  // MCR, and LSR, which ignores it
  CHECK(bench.read(mcr) == 0x08);
}

TEST_CASE("serial port: a vCPU's thread and the port's tasks", "[devices][serial]") {
  Bench bench;
  std::string typed(500, 't');
  typed += '.';
  bench.run(talks_to_a_thread(bench, typed));
}
