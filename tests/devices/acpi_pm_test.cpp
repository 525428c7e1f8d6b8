#include "devices/system/acpi_pm.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/devices/fakes.hpp"

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t status = 0;
constexpr std::uint64_t enable = 2;
constexpr std::uint64_t control = 4;
constexpr std::uint64_t timer = 8;
constexpr std::uint16_t power_button = 1 << 8;
constexpr std::uint16_t sleep_enable = 1 << 13;

struct Bench {
  FakeInterrupt sci;
  FakePower power;
  std::chrono::nanoseconds time{0};
  devices::AcpiPm pm{sci.line(), power, [this] { return time; }};
};

}  // namespace

TEST_CASE("ACPI PM: the machine is in ACPI mode and stays there", "[devices][system]") {
  Bench bench;
  CHECK(read_from<std::uint16_t>(bench.pm, control) == 1);
  write_to<std::uint16_t>(bench.pm, control, 0);
  CHECK(read_from<std::uint16_t>(bench.pm, control) == 1);
}

TEST_CASE("ACPI PM: the timer runs at 3.579545 MHz and wraps at 32 bits", "[devices][system]") {
  Bench bench;
  CHECK(read_from<std::uint32_t>(bench.pm, timer) == 0);
  bench.time = 1s;
  CHECK(read_from<std::uint32_t>(bench.pm, timer) == 3'579'545);
  bench.time = 500ms;
  CHECK(read_from<std::uint32_t>(bench.pm, timer) == 1'789'772);
  bench.time = 1200s;  // 2^32 ticks are 1199.86 s
  CHECK(read_from<std::uint32_t>(bench.pm, timer) ==
        static_cast<std::uint32_t>(1200ULL * 3'579'545));
  bench.time = 24h * 365 * 100;
  CHECK(read_from<std::uint32_t>(bench.pm, timer) ==
        static_cast<std::uint32_t>(100ULL * 365 * 86400 * 3'579'545));
  bench.time = 1s;
  CHECK(read_from<std::uint8_t>(bench.pm, timer + 2) == 3'579'545 >> 16);
}

TEST_CASE("ACPI PM: only the enables that exist can be set", "[devices][system]") {
  Bench bench;
  write_to<std::uint16_t>(bench.pm, enable, 0xFFFF);
  CHECK(read_from<std::uint16_t>(bench.pm, enable) == 0x0521);
  write_to<std::uint32_t>(bench.pm, status, 0);  // both registers in one access
  CHECK(read_from<std::uint16_t>(bench.pm, enable) == 0);
}

TEST_CASE("ACPI PM: a press of the power button is an SCI until the guest clears it",
          "[devices][system]") {
  Bench bench;
  // As ACPICA enables a fixed event: clear what is old, then enable.
  write_to<std::uint16_t>(bench.pm, status, power_button);
  write_to<std::uint16_t>(bench.pm, enable, power_button);
  CHECK_FALSE(bench.sci.asserted());

  bench.pm.press_power_button();
  CHECK(bench.sci.asserted());
  CHECK(read_from<std::uint16_t>(bench.pm, status) == power_button);
  write_to<std::uint16_t>(bench.pm, status, static_cast<std::uint16_t>(~power_button));
  CHECK(bench.sci.asserted());

  write_to<std::uint16_t>(bench.pm, status, power_button);
  CHECK_FALSE(bench.sci.asserted());
  CHECK(read_from<std::uint16_t>(bench.pm, status) == 0);
}

TEST_CASE("ACPI PM: an event that is not enabled waits until it is", "[devices][system]") {
  Bench bench;
  bench.pm.press_power_button();
  CHECK_FALSE(bench.sci.asserted());
  write_to<std::uint16_t>(bench.pm, enable, power_button);
  CHECK(bench.sci.asserted());
  write_to<std::uint16_t>(bench.pm, enable, 0);
  CHECK_FALSE(bench.sci.asserted());
}

TEST_CASE("ACPI PM: SLP_EN with type 0 powers off, as ACPICA does it", "[devices][system]") {
  Bench bench;
  write_to<std::uint16_t>(bench.pm, status, 0x8000);
  const auto before = read_from<std::uint16_t>(bench.pm, control);
  write_to<std::uint16_t>(bench.pm, control, before);
  CHECK(bench.power.power_offs == 0);
  write_to<std::uint16_t>(bench.pm, control, before | sleep_enable);
  CHECK(bench.power.power_offs == 1);
  CHECK(read_from<std::uint16_t>(bench.pm, control) == before);  // SLP_EN reads as 0
}

TEST_CASE("ACPI PM: other sleep types are remembered and ignored", "[devices][system]") {
  Bench bench;
  for (std::uint16_t type = 1; type < 8; ++type) {
    const auto value = static_cast<std::uint16_t>(sleep_enable | type << 10);
    write_to<std::uint16_t>(bench.pm, control, value);
    CHECK(read_from<std::uint16_t>(bench.pm, control) == (type << 10 | 1));
  }
  CHECK(bench.power.power_offs == 0);
}

TEST_CASE("ACPI PM: the reset register takes 1", "[devices][system]") {
  Bench bench;
  write_to<std::uint8_t>(bench.pm, 0x33, 0);
  CHECK(bench.power.resets == 0);
  write_to<std::uint8_t>(bench.pm, 0x33, 1);
  CHECK(bench.power.resets == 1);
}

TEST_CASE("ACPI PM: what is not implemented reads as 0", "[devices][system]") {
  Bench bench;
  for (std::uint64_t offset = 0x0C; offset < devices::AcpiPm::size_bytes; ++offset) {
    write_to<std::uint8_t>(bench.pm, offset, offset == 0x33 ? 0xFF : 0x5A);
    CHECK(read_from<std::uint8_t>(bench.pm, offset) == 0);
  }
  CHECK(bench.power.resets == 0);
}
