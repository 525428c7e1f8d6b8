#include "vmm/arm64/board.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "runtime/units.hpp"
#include "tests/vmm/arm64_bench.hpp"

using namespace runtime::literals;
using platform::SystemEvent;
using vmm::BootEvent;
using vmm::Ending;
using Levels = std::vector<std::pair<platform::Gsi, bool>>;

namespace {

constexpr std::uint64_t com1 = 0xEFFE'C000, com2 = 0xEFFE'B000;
constexpr std::uint64_t rtc = 0xEFFE'9000;
constexpr std::uint64_t power_key = 0xEFFE'A000;
constexpr std::uint64_t boot_timer = 0xEFFE'7000;
constexpr std::uint64_t v2m = 0xEFFE'8000;

Levels edge(std::uint32_t interrupt) {
  return {{{interrupt}, true}, {{interrupt}, false}};
}

/// The line an operator would read.
std::string failure_of(Arm64Bench& bench) {
  try {
    bench.build();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("arm64 machine: the boot processor starts where the loader says, with its device tree",
          "[vmm][arm64]") {
  Arm64Bench bench;
  bench.build();
  CHECK(bench.script.boot.pc == 1_GiB);
  CHECK(bench.script.memory->load<std::uint32_t>({bench.script.boot.pc}) == 0xFA40'5A4D);
  CHECK(bench.script.boot.x0 > 1_GiB);
  CHECK(bench.script.boot.x0 < 1_GiB + bench.config.memory_bytes);
  CHECK(bench.script.memory->load<std::uint32_t>({bench.script.boot.x0}) == 0xEDFE'0DD0);
  CHECK(bench.script.levels.empty());
  CHECK(bench.timeline.when(BootEvent::KernelPlaced) >=
        bench.timeline.when(BootEvent::VcpusCreated));
  CHECK(bench.run() == Ending::PowerOff);
}

TEST_CASE("arm64 machine: what the guest writes to a PL011 arrives on its stream", "[vmm][arm64]") {
  Arm64Bench bench;
  bench.script.exits[0] = {write_mmio(com1, {'h'}), write_mmio(com1, {'i', 0, 0, 0}),
                           write_mmio(com2, {'2', 0}), write_mmio(com1, {'\n'})};
  CHECK(bench.run() == Ending::PowerOff);
  CHECK(bench.serial[0].output() == "hi\n");
  CHECK(bench.serial[1].output() == "2");
  CHECK(bench.timeline.when(BootEvent::FirstConsoleByte).has_value());
}

TEST_CASE("arm64 machine: each PL011 has its interrupt", "[vmm][arm64]") {
  const auto [base, interrupt] = GENERATE(std::pair{com1, 33u}, std::pair{com2, 34u});
  Arm64Bench bench;
  constexpr std::uint8_t receive = 0x10, loop_back = 0x81;
  bench.script.exits[0] = {write_mmio(base + 0x38, {receive, 0, 0, 0}),
                           write_mmio(base + 0x2C, {0, 0, 0, 0}),  // FIFOs off
                           write_mmio(base + 0x30, {loop_back, 0x03, 0, 0}),
                           write_mmio(base, {'x', 0, 0, 0}), read_mmio(base, 4)};
  CHECK(bench.run() == Ending::PowerOff);
  CHECK(bench.answer(4) == 'x');
  CHECK(bench.script.levels == edge(interrupt));
}

TEST_CASE("arm64 machine: a serial port with nothing behind it is not there", "[vmm][arm64]") {
  Arm64Bench bench;
  bench.config.serial[1].kind = vmm::SerialBackend::Kind::None;
  bench.backends.serial[1] = nullptr;
  bench.script.exits[0] = {read_mmio(com2 + 0x18, 4), read_mmio(com1 + 0x18, 4)};
  CHECK(bench.run() == Ending::PowerOff);
  CHECK(bench.answer(0) == 0xFFFF'FFFF);
  CHECK(bench.answer(1) != 0xFFFF'FFFF);
}

TEST_CASE("arm64 machine: what it asks of PSCI ends it; a warm reset is a panic's",
          "[vmm][arm64]") {
  using Kind = SystemEvent::Kind;
  const auto [kind, ending] =
      GENERATE(std::pair{Kind::PowerOff, Ending::PowerOff}, std::pair{Kind::Reset, Ending::Reset},
               std::pair{Kind::WarmReset, Ending::Crash}, std::pair{Kind::Crash, Ending::Crash});
  Arm64Bench bench;
  bench.script.exits[0] = {exit_with(SystemEvent{kind})};
  CHECK(bench.run() == ending);
}

TEST_CASE("arm64 machine: an exit nobody can carry out is a crash", "[vmm][arm64]") {
  Arm64Bench bench;
  bench.script.exits[0] = {exit_with(platform::Unrunnable{"test", 7})};
  CHECK(bench.run() == Ending::Crash);
}

TEST_CASE("arm64 machine: an access nobody answers reads as all ones and goes nowhere",
          "[vmm][arm64]") {
  Arm64Bench bench;
  bench.script.exits[0] = {read_mmio(0xE000'0000, 8), write_mmio(0xE000'0000, {1}),
                           read_mmio(com1 + 0xFFE, 4)};
  CHECK(bench.run() == Ending::PowerOff);
  CHECK(bench.answer(0) == ~std::uint64_t{0});
  CHECK(bench.answer(2) == 0xFFFF'FFFF);
}

TEST_CASE("arm64 machine: boot marks are time-stamped, other values are not", "[vmm][arm64]") {
  Arm64Bench bench;
  bench.script.exits[0] = {write_mmio(boot_timer, {122}), write_mmio(boot_timer + 8, {0x42}),
                           write_mmio(boot_timer + 8, {123}), write_mmio(boot_timer, {0x40})};
  const auto mark = GENERATE(0, 1, 2);
  const std::array writes{write_mmio(boot_timer + 8, {0x40}), write_mmio(boot_timer + 8, {0x41}),
                          write_mmio(boot_timer, {123})};
  bench.script.exits[0].push_back(writes.at(static_cast<std::size_t>(mark)));
  CHECK(bench.run() == Ending::PowerOff);
  CHECK(bench.timeline.when(BootEvent::KernelEntered).has_value() == (mark == 0));
  CHECK(bench.timeline.when(BootEvent::UserSpace).has_value() == (mark == 1));
  CHECK(bench.timeline.when(BootEvent::GuestReady).has_value() == (mark == 2));
}

TEST_CASE("arm64 machine: with ACPI, the power button is one edge on its interrupt",
          "[vmm][arm64]") {
  Arm64Bench bench;
  bench.build().press_power_button();
  CHECK(bench.script.levels == edge(36));
  CHECK(bench.run() == Ending::PowerOff);
}

TEST_CASE("arm64 machine: with a device tree, the power button is a key on a PL061",
          "[vmm][arm64]") {
  constexpr std::uint64_t rises = 0x40C, enable = 0x410, status = 0x418;  // GPIOIEV, IE, MIS
  Arm64Bench bench;
  bench.config.device_tree = true;
  const ScriptedExit look = read_mmio(power_key + status, 4);
  bench.script.exits[0] = {write_mmio(power_key + rises, {0x08, 0, 0, 0}),
                           write_mmio(power_key + enable, {0x08, 0, 0, 0}),
                           {[&](std::vector<std::byte>& buffer) {
                             bench.machine->press_power_button();
                             return look.make(buffer);
                           }}};
  CHECK(bench.run() == Ending::PowerOff);
  CHECK(bench.answer(2) == 0x08);
  CHECK(bench.script.levels == Levels{{{36}, true}});
}

TEST_CASE("arm64 machine: the clock is a PL031", "[vmm][arm64]") {
  Arm64Bench bench;
  for (std::uint64_t i = 0; i < 4; ++i) {
    bench.script.exits[0].push_back(read_mmio(rtc + 0xFE0 + i * 4, 4));
    bench.script.exits[0].push_back(read_mmio(rtc + 0xFF0 + i * 4, 4));
  }
  bench.script.exits[0].push_back(read_mmio(rtc, 4));
  CHECK(bench.run() == Ending::PowerOff);
  std::uint32_t part = 0, cell = 0;
  for (unsigned i = 0; i < 4; ++i) {
    part |= static_cast<std::uint32_t>(bench.answer(i * 2) << i * 8);
    cell |= static_cast<std::uint32_t>(bench.answer(i * 2 + 1) << i * 8);
  }
  CHECK((part & 0xF'FFFF) == 0x4'1031);
  CHECK(cell == 0xB105'F00D);
  CHECK(bench.answer(8) > 1'700'000'000);  // seconds since 1970
}

TEST_CASE("arm64 machine: with v2m, a message raises its shared interrupt", "[vmm][arm64]") {
  Arm64Bench bench;
  bench.config.gic_msi = vmm::MsiChoice::V2m;
  bench.script.exits[0] = {read_mmio(v2m + 0x008, 4), write_mmio(v2m + 0x040, {0xA2, 0x03, 0, 0}),
                           write_mmio(v2m + 0x040, {0x9F, 0x03, 0, 0})};
  CHECK(bench.run() == Ending::PowerOff);
  CHECK(bench.answer(0) == (928u << 16 | 64));
  CHECK(bench.script.levels == edge(930));
}

TEST_CASE("arm64 machine: with an ITS, there is no v2m frame", "[vmm][arm64]") {
  Arm64Bench bench;
  bench.config.gic_msi = GENERATE(vmm::MsiChoice::Automatic, vmm::MsiChoice::Its);
  bench.script.exits[0] = {read_mmio(v2m + 0x008, 4), write_mmio(v2m + 0x040, {0xA2, 0x03, 0, 0})};
  CHECK(bench.run() == Ending::PowerOff);
  CHECK(bench.answer(0) == 0xFFFF'FFFF);
  CHECK(bench.script.levels.empty());
}

TEST_CASE("arm64 machine: what this host cannot give is said in one line", "[vmm][arm64]") {
  Arm64Bench bench;
  SECTION("a GIC") {
    bench.script.features = {.pmu = true};
    CHECK(failure_of(bench) ==
          "give the machine a GIC: this host's KVM has neither v3 nor v2: No such device");
  }
  SECTION("an ITS") {
    bench.config.gic_msi = vmm::MsiChoice::Its;
    bench.script.features.gic_its = false;
    CHECK(failure_of(bench) == "give the machine an ITS: this host's KVM has none: No such device");
  }
  SECTION("more processors than a GICv2 has") {
    bench.script.exits.resize(9);
    bench.script.features = {.gic_v2 = true};
    CHECK(failure_of(bench) == "gic_version: found a GICv2 and 9 processors, expected at most 8");
  }
  CHECK(bench.script.pmus.empty());
}

TEST_CASE("arm64 machine: a kernel with pages the processors lack is refused", "[vmm][arm64]") {
  Arm64Bench bench;
  bench.script.missing_page_bytes = 4_KiB;
  CHECK(failure_of(bench) ==
        "--kernel '" + bench.kernel.path() +
            "': a kernel with pages of 4 KiB, which this host's processors lack");
}
