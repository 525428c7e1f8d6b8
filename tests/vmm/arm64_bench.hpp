// An AArch64 machine over a script, on a Loop of the test's.
#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <optional>

#include "tests/loader/arm64/sample_images.hpp"
#include "tests/support/fake_vm.hpp"
#include "tests/support/memory_stream.hpp"
#include "tests/support/temporary_file.hpp"
#include "tests/support/test_loop.hpp"
#include "vmm/arm64/board.hpp"
#include "vmm/machine.hpp"

struct Arm64Bench {
  Arm64Bench() {
    config.architecture = vmm::Architecture::Arm64;
    config.kernel_path = kernel.path();
    config.memory_bytes = std::uint64_t{64} << 20;
    config.command_line = "console=ttyAMA0";
    for (std::size_t i = 0; i < vmm::arm64_serial_port_count; ++i) {
      config.serial[i].kind = vmm::SerialBackend::Kind::Console;
      backends.serial[i] = &serial[i];
    }
    script.exits.resize(1);
  }

  /// Up to the first instruction.
  vmm::Machine& build() {
    config.processors = static_cast<std::uint32_t>(script.exits.size());
    files.emplace(config);
    const auto make_board = [this](const vmm::Board::Wiring& wiring) {
      return std::make_unique<vmm::arm64::Board>(config, *files,
                                                 std::make_unique<FakeArm64Vm>(script), wiring);
    };
    return machine.emplace(make_board,
                           vmm::Machine::Surroundings{backends, timeline, loop.executor()});
  }

  /// To the end, which is a power off if the script comes to it.
  vmm::Ending run() {
    if (!machine) build();
    script.exits[0].push_back(
        exit_with(platform::SystemEvent{platform::SystemEvent::Kind::PowerOff}));
    return loop.run(machine->run());
  }

  /// What the guest read by an exit of processor 0.
  [[nodiscard]] std::uint64_t answer(std::size_t exit) const {
    std::uint64_t value = 0;
    const auto& buffer = script.exits[0].at(exit).buffer;
    std::memcpy(&value, buffer.data(), buffer.size());
    return value;
  }

  TestLoop loop;
  TemporaryFile kernel{samples::make(samples::ArmImage{})};
  vmm::MachineConfig config;
  FakeArm64Script script;
  std::array<MemoryStream, vmm::arm64_serial_port_count> serial{MemoryStream{loop.executor()},
                                                                MemoryStream{loop.executor()}};
  vmm::Backends backends;
  vmm::Timeline timeline;
  std::optional<vmm::BootFiles> files;
  std::optional<vmm::Machine> machine;
};
