#include "vmm/machine.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <chrono>

#include "loader/x86_64/low_memory.hpp"
#include "runtime/error.hpp"
#include "runtime/loop.hpp"
#include "runtime/scope.hpp"
#include "runtime/timer.hpp"
#include "tests/support/fake_vm.hpp"
#include "tests/support/kernel_file.hpp"
#include "tests/support/memory_stream.hpp"
#include "vmm/x86_64/board.hpp"

using namespace std::chrono_literals;
using vmm::Ending;
using vmm::Machine;

namespace {

constexpr std::uint16_t com1 = 0x3F8;
constexpr std::uint16_t pm1_control = 0x404;

ScriptedExit power_off() {
  return write_port(pm1_control, {0x00, 0x20}, 2);
}

/// One machine over a script, on a Loop of the test's.
struct Bench {
  explicit Bench(runtime::Executor executor) : com1_stream{executor} {
    config.kernel_path = kernel.path();
    config.memory_bytes = 64u << 20;
    config.command_line = "console=ttyS0";
    config.serial[0].kind = vmm::SerialBackend::Kind::Console;
    backends.serial[0] = &com1_stream;
    script.exits.resize(1);
  }

  Machine& build(runtime::Executor executor) {
    config.processors = static_cast<std::uint32_t>(script.exits.size());
    files.emplace(config);
    const auto make_board = [this](const vmm::Board::Wiring& wiring) {
      return std::make_unique<vmm::x86_64::Board>(config, *files,
                                                  std::make_unique<FakeX86Vm>(script), wiring);
    };
    return machine.emplace(make_board, Machine::Surroundings{backends, timeline, executor});
  }

  KernelFile kernel;
  vmm::MachineConfig config;
  FakeX86Script script;
  MemoryStream com1_stream;
  vmm::Backends backends;
  vmm::Timeline timeline;
  std::optional<vmm::BootFiles> files;
  std::optional<Machine> machine;
};

runtime::Task<> keep(Machine& machine, std::optional<Ending>& ending) {
  ending = co_await machine.run();
}

runtime::Task<> with_ten_seconds(runtime::Task<> task) {
  const bool finished = co_await runtime::with_deadline(10s, std::move(task));
  CHECK(finished);
}

std::optional<Ending> run(runtime::Loop& loop, Machine& machine) {
  std::optional<Ending> ending;
  loop.run(with_ten_seconds(keep(machine, ending)));
  return ending;
}

std::vector<std::uint8_t> little_endian(std::uint32_t value) {
  return {static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8),
          static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 24)};
}

/// A driver that sets the first virtio device up and resets it, again and again.
std::vector<ScriptedExit> driver_that_comes_and_goes(int rounds) {
  constexpr std::uint64_t registers = 0xC001'0000;
  constexpr std::array<std::pair<std::uint64_t, std::uint32_t>, 14> one_round{{{0x70, 1},
                                                                               {0x70, 3},
                                                                               {0x24, 1},
                                                                               {0x20, 1},
                                                                               {0x70, 11},
                                                                               {0x30, 0},
                                                                               {0x38, 8},
                                                                               {0x80, 0x1000},
                                                                               {0x90, 0x2000},
                                                                               {0xA0, 0x3000},
                                                                               {0x44, 1},
                                                                               {0x70, 15},
                                                                               {0x50, 0},
                                                                               {0x70, 0}}};
  std::vector<ScriptedExit> script;
  for (int round = 0; round < rounds; ++round) {
    for (const auto& [offset, value] : one_round) {
      script.push_back(write_mmio(registers + offset, little_endian(value)));
    }
  }
  script.push_back(power_off());
  return script;
}

runtime::Task<> pause_and_resume(Machine& machine, const std::optional<Ending>& ending,
                                 FakeX86Script& script) {
  while (!ending) {
    co_await machine.pause();
    const std::uint64_t before = script.steps;
    co_await runtime::yield();
    CHECK(script.steps == before);
    machine.resume();
    co_await runtime::yield();
  }
}

}  // namespace

TEST_CASE("machine: can be paused while a processor waits for a device", "[vmm][machine]") {
  runtime::Loop loop;
  Bench bench{loop.executor()};
  bench.config.rng = true;
  bench.script.exits[0] = driver_that_comes_and_goes(100);
  Machine& machine = bench.build(loop.executor());
  std::optional<Ending> ending;
  loop.run(with_ten_seconds(
      runtime::all(keep(machine, ending), pause_and_resume(machine, ending, bench.script))));
  CHECK(ending == Ending::PowerOff);
}

TEST_CASE("machine: ends while a processor waits for a device", "[vmm][machine]") {
  runtime::Loop loop;
  Bench bench{loop.executor()};
  bench.config.rng = true;
  bench.script.exits = {driver_that_comes_and_goes(20), {power_off()}};
  CHECK(run(loop, bench.build(loop.executor())) == Ending::PowerOff);
}

TEST_CASE("machine: what the guest sends before it powers off arrives, and it ends",
          "[vmm][machine]") {
  runtime::Loop loop;
  Bench bench{loop.executor()};
  bench.script.exits[0] = {write_port(com1, {'h', 'i', '\n'}), power_off()};
  CHECK(run(loop, bench.build(loop.executor())) == Ending::PowerOff);
  CHECK(bench.com1_stream.output() == "hi\n");
  CHECK(bench.timeline.when(vmm::BootEvent::FirstConsoleByte).has_value());
  CHECK(bench.timeline.when(vmm::BootEvent::GuestEnd).has_value());
}

TEST_CASE("machine: the boot processor starts where the loader says, with its parameters",
          "[vmm][machine]") {
  runtime::Loop loop;
  Bench bench{loop.executor()};
  bench.script.exits[0] = {power_off()};
  Machine& machine = bench.build(loop.executor());
  CHECK(bench.script.boot.rip == KernelFile::entry);
  CHECK(bench.script.boot.rsi == loader::x86_64::low_memory::boot_params.start.value);
  CHECK(bench.script.boot.cr3 == loader::x86_64::low_memory::page_tables.start.value);
  CHECK(bench.script.memory->load<std::uint8_t>({KernelFile::entry}) == 0xF4);
  CHECK(run(loop, machine) == Ending::PowerOff);
}

TEST_CASE("machine: all processors get the same memory types", "[vmm][machine]") {
  runtime::Loop loop;
  Bench bench{loop.executor()};
  bench.script.exits.resize(3);
  bench.script.exits[0] = {power_off()};
  CHECK(run(loop, bench.build(loop.executor())) == Ending::PowerOff);
  REQUIRE(bench.script.msrs.size() == 3);
  CHECK_FALSE(bench.script.msrs[0].empty());
  CHECK(bench.script.msrs[1] == bench.script.msrs[0]);
  CHECK(bench.script.msrs[2] == bench.script.msrs[0]);
}

TEST_CASE("machine: every way of resetting a PC ends it as a reset", "[vmm][machine]") {
  const auto reset = GENERATE_COPY(0, 1, 2, 3);
  runtime::Loop loop;
  Bench bench{loop.executor()};
  switch (reset) {
    case 0:
      bench.script.exits[0] = {write_port(0x64, {0xFE})};
      break;
    case 1:
      bench.script.exits[0] = {write_port(0xCF9, {0x02}), write_port(0xCF9, {0x06})};
      break;
    case 2:
      bench.script.exits[0] = {write_port(0x92, {0x01})};
      break;
    case 3:
      bench.script.exits[0] = {write_port(0x433, {0x01})};
      break;
  }
  CHECK(run(loop, bench.build(loop.executor())) == Ending::Reset);
}

TEST_CASE("machine: a triple fault or an unrunnable state is a crash", "[vmm][machine]") {
  runtime::Loop loop;
  Bench triple{loop.executor()};
  triple.script.exits[0] = {exit_with(platform::TripleFault{})};
  CHECK(run(loop, triple.build(loop.executor())) == Ending::Crash);
  Bench unrunnable{loop.executor()};
  unrunnable.script.exits[0] = {exit_with(platform::Unrunnable{"test", 7})};
  CHECK(run(loop, unrunnable.build(loop.executor())) == Ending::Crash);
}

TEST_CASE("machine: a triple fault after an orderly shutdown is a reset", "[vmm][machine]") {
  runtime::Loop loop;
  Bench bench{loop.executor()};
  bench.script.all_interrupts_masked = true;
  bench.script.exits[0] = {exit_with(platform::TripleFault{})};
  CHECK(run(loop, bench.build(loop.executor())) == Ending::Reset);
}

TEST_CASE("machine: the first reason to end counts", "[vmm][machine]") {
  runtime::Loop loop;
  Bench bench{loop.executor()};
  bench.script.exits[0] = {power_off(), exit_with(platform::TripleFault{})};
  CHECK(run(loop, bench.build(loop.executor())) == Ending::PowerOff);
}

TEST_CASE("machine: a host failure on a vCPU is thrown by run", "[vmm][machine]") {
  runtime::Loop loop;
  Bench bench{loop.executor()};
  bench.script.at_end = [] { throw runtime::HostError{EIO, "run a vCPU"}; };
  Machine& machine = bench.build(loop.executor());
  std::optional<Ending> ending;
  CHECK_THROWS_AS(loop.run(keep(machine, ending)), runtime::HostError);
}

TEST_CASE("machine: an access nobody answers reads as all ones and goes nowhere",
          "[vmm][machine]") {
  runtime::Loop loop;
  Bench bench{loop.executor()};
  bench.script.exits[0] = {read_port(0x1234, 4, 4), read_mmio(0xD000'0000, 8),
                           write_port(0x1234, {1}), write_mmio(0xD000'0000, {1}), power_off()};
  CHECK(run(loop, bench.build(loop.executor())) == Ending::PowerOff);
  for (const std::size_t exit : {0, 1}) {
    for (const std::byte byte : bench.script.exits[0][exit].buffer) CHECK(byte == std::byte{0xFF});
  }
}

TEST_CASE("machine: boot marks are time-stamped, other codes are not", "[vmm][machine]") {
  runtime::Loop loop;
  Bench bench{loop.executor()};
  bench.script.exits[0] = {write_port(0x80, {0x12}), write_port(0x80, {0x41}),
                           write_mmio(0xC000'0000, {122}), write_mmio(0xC000'0000, {123}),
                           power_off()};
  CHECK(run(loop, bench.build(loop.executor())) == Ending::PowerOff);
  CHECK_FALSE(bench.timeline.when(vmm::BootEvent::KernelEntered).has_value());
  CHECK(bench.timeline.when(vmm::BootEvent::UserSpace).has_value());
  CHECK(bench.timeline.when(vmm::BootEvent::GuestReady).has_value());
}

namespace {

runtime::Task<> stop_when_running(Machine& machine, FakeX86Script& script, std::uint64_t steps) {
  while (script.steps < steps) co_await runtime::sleep_for(1ms);
  machine.stop();
}

}  // namespace

TEST_CASE("machine: stop ends a guest that does nothing", "[vmm][machine]") {
  runtime::Loop loop;
  Bench bench{loop.executor()};
  bench.script.exits[0] = {write_port(com1, {'x'})};
  Machine& machine = bench.build(loop.executor());
  std::optional<Ending> ending;
  loop.run(with_ten_seconds(
      runtime::all(keep(machine, ending), stop_when_running(machine, bench.script, 1))));
  CHECK(ending == Ending::Stopped);
  CHECK(bench.com1_stream.output() == "x");
}

TEST_CASE("machine: two share one loop and end each for itself", "[vmm][machine]") {
  runtime::Loop loop;
  Bench first{loop.executor()};
  Bench second{loop.executor()};
  first.script.exits[0] = {write_port(com1, {'1'}), power_off()};
  second.script.exits[0] = {write_port(com1, {'2'}), write_port(0x64, {0xFE})};
  std::optional<Ending> first_ending;
  std::optional<Ending> second_ending;
  loop.run(with_ten_seconds(runtime::all(keep(first.build(loop.executor()), first_ending),
                                         keep(second.build(loop.executor()), second_ending))));
  CHECK(first_ending == Ending::PowerOff);
  CHECK(second_ending == Ending::Reset);
  CHECK(first.com1_stream.output() == "1");
  CHECK(second.com1_stream.output() == "2");
}
