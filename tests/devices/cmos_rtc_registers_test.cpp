#include "devices/clock/cmos_rtc_registers.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>

namespace {

using namespace std::chrono;
using namespace std::chrono_literals;
using devices::CmosRtcRegisters;
using devices::WallTime;
using Rtc = CmosRtcRegisters;

constexpr std::uint8_t register_b_at_reset = 0x02;
constexpr std::uint8_t binary = 0x04, hours_24 = 0x02, set = 0x80;
constexpr std::uint8_t pie = 0x40, aie = 0x20, uie = 0x10;

/// A Thursday afternoon.
constexpr WallTime start = sys_days{2026y / January / 15} + 13h + 45min + 30s + 100ms;

struct Bench {
  std::uint8_t read(std::uint8_t index) {
    rtc.select(index);
    return rtc.read(now);
  }
  void write(std::uint8_t index, std::uint8_t value) {
    rtc.select(index);
    rtc.write(value, now);
  }
  void pass(nanoseconds time) {
    now += time;
    rtc.catch_up(now);
  }

  WallTime now = start;
  Rtc rtc{devices::CmosMemorySizes{}, start};
};

}  // namespace

TEST_CASE("RTC: shows the host's time, in BCD and 24 hours at first", "[devices][clock]") {
  Bench bench;
  CHECK(bench.read(Rtc::Seconds) == 0x30);
  CHECK(bench.read(Rtc::Minutes) == 0x45);
  CHECK(bench.read(Rtc::Hours) == 0x13);
  CHECK(bench.read(Rtc::DayOfWeek) == 5);  // Sunday is 1
  CHECK(bench.read(Rtc::DayOfMonth) == 0x15);
  CHECK(bench.read(Rtc::Month) == 0x01);
  CHECK(bench.read(Rtc::Year) == 0x26);
  CHECK(bench.read(Rtc::Century) == 0x20);
  CHECK(bench.read(Rtc::RegisterA) == 0x26);
  CHECK(bench.read(Rtc::RegisterB) == register_b_at_reset);
  CHECK(bench.read(Rtc::RegisterD) == 0x80);
  bench.pass(24h * 365);
  CHECK(bench.read(Rtc::Year) == 0x27);
}

TEST_CASE("RTC: register B chooses binary and 12 hours", "[devices][clock]") {
  Bench bench;
  bench.write(Rtc::RegisterB, binary | hours_24);
  CHECK(bench.read(Rtc::Hours) == 13);
  CHECK(bench.read(Rtc::Minutes) == 45);
  CHECK(bench.read(Rtc::Century) == 20);
  bench.write(Rtc::RegisterB, binary);
  CHECK(bench.read(Rtc::Hours) == (0x80 | 1));
  bench.write(Rtc::RegisterB, 0);
  CHECK(bench.read(Rtc::Hours) == 0x81);
  bench.pass(11h);  // 0:45
  CHECK(bench.read(Rtc::Hours) == 0x12);
  bench.pass(12h);  // 12:45
  CHECK(bench.read(Rtc::Hours) == 0x92);
}

TEST_CASE("RTC: bit 7 of the index is the NMI mask, not an address", "[devices][clock]") {
  Bench bench;
  CHECK(bench.read(0x80 | Rtc::Minutes) == 0x45);
}

TEST_CASE("RTC: the other bytes are RAM", "[devices][clock]") {
  Bench bench;
  for (unsigned index = 0x0E; index < 0x80; ++index) {
    if (index == Rtc::Century) continue;
    bench.write(static_cast<std::uint8_t>(index), static_cast<std::uint8_t>(~index));
    CHECK(bench.read(static_cast<std::uint8_t>(index)) == static_cast<std::uint8_t>(~index));
  }
}

TEST_CASE("RTC: registers C and D are read-only, and so is UIP", "[devices][clock]") {
  Bench bench;
  bench.write(Rtc::RegisterC, 0xFF);
  bench.write(Rtc::RegisterD, 0x00);
  bench.write(Rtc::RegisterA, 0xA6);
  CHECK(bench.read(Rtc::RegisterC) == 0);
  CHECK(bench.read(Rtc::RegisterD) == 0x80);
  CHECK(bench.read(Rtc::RegisterA) == 0x26);
}

TEST_CASE("RTC: update in progress only in the last 244 us of a second", "[devices][clock]") {
  Bench bench;
  bench.pass(899ms + 700us);
  CHECK((bench.read(Rtc::RegisterA) & 0x80) == 0);
  bench.pass(100us);
  CHECK((bench.read(Rtc::RegisterA) & 0x80) != 0);
  bench.pass(200us);
  CHECK((bench.read(Rtc::RegisterA) & 0x80) == 0);
  CHECK(bench.read(Rtc::Seconds) == 0x31);
}

TEST_CASE("RTC: with SET the time stands still and can be written", "[devices][clock]") {
  Bench bench;
  bench.write(Rtc::RegisterB, set | hours_24);
  bench.pass(10s);
  CHECK(bench.read(Rtc::Seconds) == 0x30);
  CHECK((bench.read(Rtc::RegisterC) & 0x30) == 0);  // no update has ended
  bench.write(Rtc::Hours, 0x08);
  bench.write(Rtc::DayOfMonth, 0x29);
  bench.write(Rtc::Month, 0x02);
  bench.write(Rtc::Year, 0x28);
  bench.write(Rtc::RegisterB, hours_24);
  CHECK(bench.read(Rtc::Hours) == 0x08);
  CHECK(bench.read(Rtc::DayOfWeek) == 3);
  bench.pass(24h);  // from the leap day on
  CHECK(bench.read(Rtc::DayOfMonth) == 0x01);
  CHECK(bench.read(Rtc::Month) == 0x03);
  CHECK(bench.read(Rtc::Year) == 0x28);
}

TEST_CASE("RTC: a byte of the running time can be set by itself", "[devices][clock]") {
  Bench bench;
  bench.write(Rtc::Minutes, 0x59);
  bench.pass(30s);
  CHECK(bench.read(Rtc::Hours) == 0x14);
  CHECK(bench.read(Rtc::Minutes) == 0x00);
  CHECK(bench.read(Rtc::Seconds) == 0x00);
}

TEST_CASE("RTC: Linux sets it, and the first second is half a one", "[devices][clock]") {
  Bench bench;
  // mc146818_set_time()
  const auto control = bench.read(Rtc::RegisterB);
  bench.write(Rtc::RegisterB, control | set);
  const auto select = bench.read(Rtc::RegisterA);
  bench.write(Rtc::RegisterA, select | 0x70);
  bench.write(Rtc::Year, 0x99);
  bench.write(Rtc::Month, 0x12);
  bench.write(Rtc::DayOfMonth, 0x31);
  bench.write(Rtc::Hours, 0x23);
  bench.write(Rtc::Minutes, 0x59);
  bench.write(Rtc::Seconds, 0x59);
  bench.write(Rtc::RegisterB, control);
  bench.pass(3s);
  CHECK(bench.read(Rtc::Seconds) == 0x59);  // the divider is still held
  bench.write(Rtc::RegisterA, select);

  bench.pass(499ms);
  CHECK(bench.read(Rtc::Seconds) == 0x59);
  CHECK(bench.read(Rtc::Century) == 0x20);
  bench.pass(2ms);
  CHECK(bench.read(Rtc::Seconds) == 0x00);
  CHECK(bench.read(Rtc::Year) == 0x00);
  CHECK(bench.read(Rtc::Century) == 0x21);
}

TEST_CASE("RTC: a nonsensical time is made one", "[devices][clock]") {
  Bench bench;
  for (const std::uint8_t mode : std::array<std::uint8_t, 4>{0x00, 0x02, 0x04, 0x06}) {
    for (const std::uint8_t value : std::array<std::uint8_t, 3>{0x00, 0x7F, 0xFF}) {
      bench.write(Rtc::RegisterB, set | mode);
      for (std::uint8_t index = 0; index < 10; ++index) bench.write(index, value);
      bench.write(Rtc::Century, value);
      bench.write(Rtc::RegisterB, binary | hours_24);
      CHECK(bench.read(Rtc::Seconds) < 60);
      CHECK(bench.read(Rtc::Minutes) < 60);
      CHECK(bench.read(Rtc::Hours) < 24);
      CHECK(bench.read(Rtc::Month) - 1 < 12);
      CHECK(bench.read(Rtc::DayOfMonth) - 1 < 31);
      CHECK(bench.read(Rtc::Century) >= 19);
      CHECK(bench.read(Rtc::Century) <= 22);
    }
  }
}

TEST_CASE("RTC: the end of an update interrupts once a second", "[devices][clock]") {
  Bench bench;
  bench.write(Rtc::RegisterB, uie | hours_24);
  CHECK_FALSE(bench.rtc.interrupt_pending());
  CHECK(bench.rtc.next_interrupt() == start + 900ms);
  bench.pass(900ms);
  CHECK(bench.rtc.interrupt_pending());
  CHECK_FALSE(bench.rtc.next_interrupt());  // nothing more until the guest has seen this one
  CHECK((bench.read(Rtc::RegisterC) & 0x90) == 0x90);
  CHECK_FALSE(bench.rtc.interrupt_pending());
  CHECK(bench.rtc.next_interrupt() == start + 1900ms);

  bench.write(Rtc::RegisterB, set | uie | hours_24);  // SET takes UIE with it
  CHECK(bench.read(Rtc::RegisterB) == (set | hours_24));
  CHECK_FALSE(bench.rtc.next_interrupt());
}

TEST_CASE("RTC: the flags show without their interrupts, and reading C clears them",
          "[devices][clock]") {
  Bench bench;
  bench.read(Rtc::RegisterC);
  bench.pass(1s);
  CHECK_FALSE(bench.rtc.interrupt_pending());
  CHECK(bench.read(Rtc::RegisterC) == 0x50);  // an update and (1024 Hz) periods
  CHECK(bench.read(Rtc::RegisterC) == 0);
}

TEST_CASE("RTC: enabling an interrupt whose flag is up interrupts at once", "[devices][clock]") {
  Bench bench;
  bench.pass(1s);
  bench.write(Rtc::RegisterB, uie | hours_24);
  CHECK(bench.rtc.interrupt_pending());
}

TEST_CASE("RTC: the alarm rings at its time of day", "[devices][clock]") {
  Bench bench;
  bench.write(Rtc::SecondsAlarm, 0x00);
  bench.write(Rtc::MinutesAlarm, 0x00);
  bench.write(Rtc::HoursAlarm, 0x07);
  bench.read(Rtc::RegisterC);
  CHECK_FALSE(bench.rtc.next_interrupt());
  bench.write(Rtc::RegisterB, aie | hours_24);
  const WallTime morning = sys_days{2026y / January / 16} + 7h;
  REQUIRE(bench.rtc.next_interrupt() == morning);
  bench.pass(morning - bench.now - 1ns);
  CHECK_FALSE(bench.rtc.interrupt_pending());
  bench.pass(1ns);
  CHECK(bench.rtc.interrupt_pending());
  CHECK((bench.read(Rtc::RegisterC) & 0xA0) == 0xA0);
  CHECK(bench.rtc.next_interrupt() == morning + 24h);
}

TEST_CASE("RTC: alarm bytes of 0xC0 and above match anything", "[devices][clock]") {
  Bench bench;
  bench.write(Rtc::RegisterB, aie | hours_24);
  bench.write(Rtc::SecondsAlarm, 0x15);
  bench.write(Rtc::MinutesAlarm, 0xFF);
  bench.write(Rtc::HoursAlarm, 0xC0);
  CHECK(bench.rtc.next_interrupt() == floor<minutes>(start) + 75s);
  bench.write(Rtc::SecondsAlarm, 0xC5);
  CHECK(bench.rtc.next_interrupt() == floor<seconds>(start) + 1s);
  bench.pass(900ms);
  bench.read(Rtc::RegisterC);
  CHECK(bench.rtc.next_interrupt() == floor<seconds>(start) + 2s);
}

TEST_CASE("RTC: the alarm follows the hour format", "[devices][clock]") {
  Bench bench;
  bench.write(Rtc::RegisterB, aie);
  bench.write(Rtc::SecondsAlarm, 0x00);
  bench.write(Rtc::MinutesAlarm, 0x00);
  bench.write(Rtc::HoursAlarm, 0x82);  // 2 p.m.
  CHECK(bench.rtc.next_interrupt() == sys_days{2026y / January / 15} + 14h);
}

TEST_CASE("RTC: an alarm time that does not exist never rings", "[devices][clock]") {
  for (const std::uint8_t index : {Rtc::SecondsAlarm, Rtc::MinutesAlarm, Rtc::HoursAlarm}) {
    Bench bench;
    bench.write(Rtc::RegisterB, aie | hours_24);
    for (const auto other : {Rtc::SecondsAlarm, Rtc::MinutesAlarm, Rtc::HoursAlarm})
      bench.write(other, 0xFF);
    bench.write(index, 0x7F);
    bench.read(Rtc::RegisterC);
    CHECK_FALSE(bench.rtc.next_interrupt());
  }
}

TEST_CASE("RTC: setting the time moves the alarm", "[devices][clock]") {
  Bench bench;
  bench.write(Rtc::RegisterB, aie | hours_24);
  bench.write(Rtc::SecondsAlarm, 0x00);
  bench.write(Rtc::MinutesAlarm, 0x50);
  bench.write(Rtc::HoursAlarm, 0x13);
  CHECK(bench.rtc.next_interrupt() == floor<minutes>(start) + 5min);
  bench.write(Rtc::Minutes, 0x49);
  CHECK(bench.rtc.next_interrupt() == floor<minutes>(start) + 1min);
}

TEST_CASE("RTC: the periodic interrupt has the rate of register A", "[devices][clock]") {
  struct Rate {
    std::uint8_t select;
    nanoseconds period;
  };
  for (const Rate rate : {Rate{1, 3906250ns}, Rate{2, 7812500ns}, Rate{6, 976562ns},
                          Rate{8, 3906250ns}, Rate{15, 500ms}}) {
    Bench bench;
    bench.write(Rtc::RegisterA, 0x20 | rate.select);
    bench.write(Rtc::RegisterB, pie | hours_24);
    bench.read(Rtc::RegisterC);
    int interrupts = 0;
    while (const auto next = bench.rtc.next_interrupt()) {
      if (*next >= start + 1s) break;
      bench.pass(*next - bench.now);
      REQUIRE(bench.rtc.interrupt_pending());
      REQUIRE((bench.read(Rtc::RegisterC) & 0xC0) == 0xC0);
      ++interrupts;
    }
    CHECK(interrupts == 1s / rate.period);
  }
}

TEST_CASE("RTC: a periodic interrupt comes when it was announced, before 1970 too",
          "[devices][clock]") {
  Bench bench;
  bench.write(Rtc::Century, 0x00);  // as early as it goes, which is 1970
  bench.pass(-365 * 24h);           // and then the host's clock is put back
  REQUIRE(bench.read(Rtc::Century) == 0x19);
  REQUIRE(bench.read(Rtc::Year) == 0x69);
  bench.write(Rtc::RegisterB, pie | hours_24);
  for (int interrupts = 0; interrupts < 100; ++interrupts) {
    bench.read(Rtc::RegisterC);
    const auto next = bench.rtc.next_interrupt();
    REQUIRE(next);
    bench.pass(*next - 1ns - bench.now);
    REQUIRE_FALSE(bench.rtc.interrupt_pending());
    bench.pass(1ns);
    REQUIRE(bench.rtc.interrupt_pending());
  }
}

TEST_CASE("RTC: rate 0 and a held divider mean no periodic interrupt", "[devices][clock]") {
  Bench bench;
  bench.write(Rtc::RegisterB, pie | hours_24);
  bench.write(Rtc::RegisterA, 0x20);
  bench.read(Rtc::RegisterC);
  CHECK_FALSE(bench.rtc.next_interrupt());
  bench.write(Rtc::RegisterA, 0x66);
  CHECK_FALSE(bench.rtc.next_interrupt());
  bench.pass(1s);
  CHECK(bench.read(Rtc::RegisterC) == 0);
}

TEST_CASE("RTC: a host clock put back does not confuse it", "[devices][clock]") {
  Bench bench;
  bench.write(Rtc::RegisterB, uie | hours_24);
  bench.pass(-1h);
  CHECK(bench.read(Rtc::Hours) == 0x12);
  CHECK_FALSE(bench.rtc.interrupt_pending());
  CHECK(bench.rtc.next_interrupt() == floor<seconds>(bench.now) + 1s);
}

TEST_CASE("RTC: CMOS tells how much memory there is", "[devices][clock]") {
  constexpr std::uint64_t mib = 1 << 20;
  Rtc rtc{devices::CmosMemorySizes{.below_4_gib_bytes = 512 * mib, .above_4_gib_bytes = 2048 * mib},
          start};
  const auto word = [&](std::uint8_t index) {
    rtc.select(index);
    const unsigned low = rtc.read(start);
    rtc.select(static_cast<std::uint8_t>(index + 1));
    return low | rtc.read(start) * 256u;
  };
  CHECK(word(0x15) == 640);
  CHECK(word(0x30) == 0xFFFF);           // KiB above 1 MiB, as far as they can be told
  CHECK(word(0x34) == (512 - 16) * 16);  // 64 KiB above 16 MiB
  CHECK(word(0x5B) == 2048 * 16);
}
