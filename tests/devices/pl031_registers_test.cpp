#include "devices/clock/pl031_registers.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>

using namespace std::chrono;
using namespace std::chrono_literals;
using devices::Pl031Registers;
using devices::WallTime;

namespace {

// Offsets, as the data sheet abbreviates them.
constexpr std::uint64_t dr = 0x00, mr = 0x04, lr = 0x08, cr = 0x0C;
constexpr std::uint64_t imsc = 0x10, ris = 0x14, mis = 0x18, icr = 0x1C;

constexpr WallTime start = sys_days{2026y / January / 15} + 13h + 45min + 30s + 100ms;
constexpr std::uint32_t start_seconds = 1'768'484'730;

struct Bench {
  std::uint32_t read(std::uint64_t offset) { return rtc.read(offset, now); }
  void write(std::uint64_t offset, std::uint32_t value) { rtc.write(offset, value, now); }
  void pass(nanoseconds time) {
    now += time;
    rtc.catch_up(now);
  }
  /// As rtc-pl031.c does: set the match, clear what is old, enable.
  void set_alarm(std::uint32_t seconds) {
    write(mr, seconds);
    write(icr, 1);
    write(imsc, read(imsc) | 1);
  }

  WallTime now = start;
  Pl031Registers rtc{start};
};

}  // namespace

TEST_CASE("PL031: counts the host's seconds since 1970", "[devices][clock]") {
  Bench bench;
  CHECK(bench.read(dr) == start_seconds);
  CHECK(bench.read(cr) == 1);
  bench.pass(899ms);
  CHECK(bench.read(dr) == start_seconds);
  bench.pass(1ms);
  CHECK(bench.read(dr) == start_seconds + 1);
  bench.pass(24h);
  CHECK(bench.read(dr) == start_seconds + 1 + 86'400);
}

TEST_CASE("PL031: is what Linux's driver looks for", "[devices][clock]") {
  Bench bench;
  constexpr std::array<std::uint32_t, 8> id{0x31, 0x10, 0x04, 0x00, 0x0D, 0xF0, 0x05, 0xB1};
  for (std::size_t i = 0; i < id.size(); ++i) {
    bench.write(0xFE0 + 4 * i, 0xFF);
    CHECK(bench.read(0xFE0 + 4 * i) == id[i]);
  }
  for (std::uint64_t offset = 0x20; offset < 0xFE0; offset += 4) {
    bench.write(offset, ~0u);
    REQUIRE(bench.read(offset) == 0);
  }
}

TEST_CASE("PL031: the counter can be loaded, and goes on from there", "[devices][clock]") {
  Bench bench;
  bench.write(lr, 1000);
  CHECK(bench.read(dr) == 1000);
  CHECK(bench.read(lr) == 1000);
  bench.pass(10s);
  CHECK(bench.read(dr) == 1010);
  CHECK(bench.read(lr) == 1000);
  bench.write(lr, 0xFFFF'FFFF);
  bench.pass(1s);
  CHECK(bench.read(dr) == 0);
}

TEST_CASE("PL031: nothing stops it", "[devices][clock]") {
  Bench bench;
  bench.write(cr, 0);
  bench.write(dr, 0);
  bench.pass(1s);
  CHECK(bench.read(cr) == 1);
  CHECK(bench.read(dr) == start_seconds + 1);
}

TEST_CASE("PL031: the alarm comes when its second begins, until it is cleared",
          "[devices][clock]") {
  Bench bench;
  bench.set_alarm(start_seconds + 5);
  CHECK(bench.read(mr) == start_seconds + 5);
  REQUIRE(bench.rtc.next_interrupt() == floor<seconds>(start) + 5s);
  bench.pass(4s + 899ms);
  CHECK_FALSE(bench.rtc.interrupt_pending());
  CHECK(bench.read(ris) == 0);
  bench.pass(1ms);
  CHECK(bench.rtc.interrupt_pending());
  CHECK(bench.read(ris) == 1);
  CHECK(bench.read(mis) == 1);
  CHECK(bench.rtc.next_interrupt() == std::nullopt);

  bench.write(icr, 0);
  CHECK(bench.rtc.interrupt_pending());
  bench.write(icr, 1);
  CHECK_FALSE(bench.rtc.interrupt_pending());
  CHECK(bench.read(ris) == 0);
}

TEST_CASE("PL031: an alarm that is masked is noted, and tells when it is enabled",
          "[devices][clock]") {
  Bench bench;
  bench.write(mr, start_seconds + 1);
  CHECK(bench.rtc.next_interrupt() == std::nullopt);
  bench.pass(1h);
  CHECK(bench.read(ris) == 1);
  CHECK(bench.read(mis) == 0);
  CHECK_FALSE(bench.rtc.interrupt_pending());
  bench.write(imsc, ~0u);
  CHECK(bench.read(imsc) == 1);
  CHECK(bench.rtc.interrupt_pending());
  bench.write(imsc, 0);
  CHECK_FALSE(bench.rtc.interrupt_pending());
}

TEST_CASE("PL031: a match with this very second is one", "[devices][clock]") {
  Bench bench;
  bench.write(imsc, 1);
  SECTION("by the match register") {
    bench.write(mr, start_seconds);
  }
  SECTION("by the counter") {
    bench.write(mr, 77);
    CHECK_FALSE(bench.rtc.interrupt_pending());
    bench.write(lr, 77);
  }
  CHECK(bench.rtc.interrupt_pending());
}

TEST_CASE("PL031: an alarm in the past comes when the counter has gone round", "[devices][clock]") {
  Bench bench;
  bench.set_alarm(start_seconds - 1);
  CHECK_FALSE(bench.rtc.interrupt_pending());
  CHECK(bench.rtc.next_interrupt() == floor<seconds>(start) + seconds{0xFFFF'FFFF});
  bench.write(lr, start_seconds - 10);
  CHECK(bench.rtc.next_interrupt() == floor<seconds>(start) + 9s);
}

TEST_CASE("PL031: a host's clock that is put back puts the alarm off", "[devices][clock]") {
  Bench bench;
  bench.set_alarm(start_seconds + 5);
  bench.pass(-1h);
  CHECK(bench.read(dr) == start_seconds - 3600);
  CHECK_FALSE(bench.rtc.interrupt_pending());
  CHECK(bench.rtc.next_interrupt() == floor<seconds>(start) + 5s);
  bench.pass(1h + 5s);
  CHECK(bench.rtc.interrupt_pending());
}
