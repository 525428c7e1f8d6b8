#include "devices/clock/cmos_rtc.hpp"

#include <catch2/catch_test_macros.hpp>

#include "runtime/timer.hpp"
#include "tests/devices/beside.hpp"
#include "tests/devices/fakes.hpp"
#include "tests/devices/moving_clock.hpp"
#include "tests/support/test_loop.hpp"

using namespace std::chrono;
using namespace std::chrono_literals;
using runtime::Task;

namespace {

constexpr std::uint64_t index_port = 0;
constexpr std::uint64_t data_port = 1;
constexpr std::uint8_t uie = 0x10, pie = 0x40, hours_24 = 0x02;

struct Bench {
  std::uint8_t read(std::uint8_t index) {
    write_to(rtc, index_port, index);
    return read_from(rtc, data_port);
  }
  void write(std::uint8_t index, std::uint8_t value) {
    write_to(rtc, index_port, index);
    write_to(rtc, data_port, value);
  }

  void run(Task<> script) { loop.run(beside(rtc, std::move(script))); }

  TestLoop loop;
  FakeInterrupt interrupt;
  runtime::Event raised{loop.executor()};
  MovingClock clock{sys_days{2026y / January / 16} - 5ms};
  devices::CmosRtc rtc{loop.executor(), interrupt.line(), {}, clock.reading()};
};

Task<> waits_for_update(Bench& bench) {
  co_await runtime::sleep_for(0s);  // run() is asleep, without a timer
  bench.read(0x0C);
  bench.write(0x0B, uie | hours_24);
  co_await bench.raised.wait();
  CHECK(bench.interrupt.asserted());
  CHECK((bench.read(0x0C) & 0x90) == 0x90);
  CHECK_FALSE(bench.interrupt.asserted());
  CHECK(bench.read(0x07) == 0x16);  // it is midnight
}

Task<> waits_for_periods(Bench& bench) {
  bench.write(0x0B, pie | hours_24);
  for (int i = 0; i < 20; ++i) {
    while (!bench.interrupt.asserted()) co_await bench.raised.wait();
    bench.read(0x0C);
  }
}

Task<> nothing() {
  co_return;
}

}  // namespace

TEST_CASE("CMOS RTC: an update wakes the guest at the full second", "[devices][clock]") {
  Bench bench;
  bench.interrupt.tell(bench.raised);
  bench.run(waits_for_update(bench));
}

TEST_CASE("CMOS RTC: periodic interrupts come as long as the guest takes them",
          "[devices][clock]") {
  Bench bench;
  bench.interrupt.tell(bench.raised);
  bench.run(waits_for_periods(bench));
  CHECK(bench.interrupt.edges() >= 20);  // another may come before run() is stopped
}

TEST_CASE("CMOS RTC: stops with and without something to wait for", "[devices][clock]") {
  Bench bench;
  bench.run(nothing());
  bench.write(0x0B, 0x20 | hours_24);  // an alarm at midnight
  bench.run(nothing());
}

TEST_CASE("CMOS RTC: index and data can be written in one access", "[devices][clock]") {
  Bench bench;
  write_to<std::uint16_t>(bench.rtc, index_port, 0x5A40);
  CHECK(bench.read(0x40) == 0x5A);
  CHECK(read_from(bench.rtc, index_port) == 0xFF);  // write-only
}
