#include "devices/clock/pl031.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/devices/beside.hpp"
#include "tests/devices/fakes.hpp"
#include "tests/devices/moving_clock.hpp"
#include "tests/support/test_loop.hpp"

using namespace std::chrono;
using namespace std::chrono_literals;
using runtime::Task;

namespace {

constexpr std::uint64_t dr = 0x00, mr = 0x04, imsc = 0x10, mis = 0x18, icr = 0x1C;
constexpr std::uint32_t midnight = 1'768'521'600;

struct Bench {
  std::uint32_t read(std::uint64_t offset) { return read_from<std::uint32_t>(rtc, offset); }
  void write(std::uint64_t offset, std::uint32_t value) { write_to(rtc, offset, value); }
  void run(Task<> script) { loop.run(beside(rtc, std::move(script))); }

  TestLoop loop;
  FakeInterrupt interrupt;
  runtime::Event raised{loop.executor()};
  MovingClock clock{sys_days{2026y / January / 16} - 5ms};
  devices::Pl031 rtc{loop.executor(), interrupt.line(), clock.reading()};
};

Task<> waits_for_alarm(Bench& bench) {
  co_await runtime::sleep_for(0s);  // run() is asleep, without a timer
  std::uint32_t alarm = 0;
  do {
    // Again where so much time passes meanwhile that the second has begun before the alarm is set.
    alarm = bench.read(dr) + 1;
    bench.write(mr, alarm);
    bench.write(icr, 1);
  } while (bench.read(dr) >= alarm);
  bench.write(imsc, 1);
  co_await bench.raised.wait();
  CHECK(bench.interrupt.asserted());
  CHECK(bench.read(dr) >= alarm);
  CHECK(bench.read(mis) == 1);
  bench.write(icr, 1);
  CHECK_FALSE(bench.interrupt.asserted());
}

Task<> nothing() {
  co_return;
}

}  // namespace

TEST_CASE("PL031: the alarm wakes the guest at the full second", "[devices][clock]") {
  Bench bench;
  bench.interrupt.tell(bench.raised);
  bench.run(waits_for_alarm(bench));
  CHECK(bench.interrupt.edges() == 1);
}

TEST_CASE("PL031: stops with and without something to wait for", "[devices][clock]") {
  Bench bench;
  bench.run(nothing());
  bench.write(mr, midnight - 1);  // 136 years from now
  bench.write(imsc, 1);
  bench.run(nothing());
}

TEST_CASE("PL031: registers can be read in part", "[devices][clock]") {
  Bench bench;
  bench.write(mr, 0x1234'5678);
  CHECK(read_from<std::uint8_t>(bench.rtc, mr + 3) == 0x12);
  CHECK(read_from<std::uint16_t>(bench.rtc, mr) == 0x5678);
  CHECK(read_from<std::uint64_t>(bench.rtc, mr) == 0x1234'5678);
}
