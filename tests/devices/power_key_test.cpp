#include "devices/system/power_key.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/devices/beside.hpp"
#include "tests/devices/fakes.hpp"
#include "tests/support/test_loop.hpp"

using namespace std::chrono_literals;
using runtime::Task;

namespace {

constexpr std::uint64_t dir = 0x400, is = 0x404, ibe = 0x408, ie = 0x410, mis = 0x418, ic = 0x41C;
constexpr std::uint8_t key = 1 << devices::PowerKey::pin;
constexpr std::uint64_t key_data = key << 2;

struct Bench {
  std::uint8_t read(std::uint64_t offset) { return read_from(gpio, offset); }
  void write(std::uint64_t offset, int value) {
    write_to(gpio, offset, static_cast<std::uint8_t>(value));
  }
  void run(Task<> script) { loop.run(beside(gpio, std::move(script))); }

  TestLoop loop;
  FakeInterrupt interrupt;
  runtime::Event raised{loop.executor()};
  devices::PowerKey gpio{loop.executor(), interrupt.line(), 1ms};
};

/// gpio-pl061.c for gpio_keys.c: byte accesses; the key is an input that interrupts at both edges.
void set_up(Bench& bench) {
  bench.write(ie, 0);
  bench.write(dir, bench.read(dir) & ~key);
  bench.write(is, bench.read(is) & ~key);
  bench.write(ibe, bench.read(ibe) | key);
  bench.write(ie, bench.read(ie) | key);
}

Task<> sees_presses(Bench& bench) {
  set_up(bench);
  for (int press = 0; press < 2; ++press) {
    bench.gpio.press();
    for (const std::uint8_t level : {key, std::uint8_t{0}}) {
      while (!bench.interrupt.asserted()) co_await bench.raised.wait();
      CHECK(bench.read(mis) == key);
      bench.write(ic, key);
      CHECK_FALSE(bench.interrupt.asserted());
      CHECK(bench.read(key_data) == level);
    }
  }
}

}  // namespace

TEST_CASE("power key: Linux's gpio-keys sees it go down and up", "[devices][system]") {
  Bench bench;
  bench.interrupt.tell(bench.raised);
  bench.run(sees_presses(bench));
  CHECK(bench.interrupt.edges() == 4);
}

TEST_CASE("power key: a guest that does not listen takes no notice", "[devices][system]") {
  Bench bench;
  bench.gpio.press();
  CHECK_FALSE(bench.interrupt.asserted());
  CHECK(read_from<std::uint32_t>(bench.gpio, key_data) == key);
  CHECK(bench.read(0xFE0) == 0x61);
}
