// Two Machines in one process, on one Loop and one /dev/kvm, each with its own console in memory:
// nothing that belongs to a VM may belong to the process.
//
//   two_machines KERNEL INITRD     boots both, has each say who it is and power off
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "platform/kvm/system.hpp"
#include "runtime/loop.hpp"
#include "runtime/scope.hpp"
#include "runtime/timer.hpp"
#include "tests/support/memory_stream.hpp"
#include "vmm/kvm_board.hpp"
#include "vmm/machine.hpp"
#include "vmm/option_values.hpp"

namespace {

using namespace std::chrono_literals;

std::string_view name(std::optional<vmm::Ending> ending) {
  if (!ending) return "not ended in time";
  switch (*ending) {
    case vmm::Ending::PowerOff:
      return "powered off";
    case vmm::Ending::Reset:
      return "reset";
    case vmm::Ending::Crash:
      return "crashed";
    case vmm::Ending::Stopped:
      return "stopped";
  }
  return "?";
}

struct Guest {
  Guest(const platform::kvm::System& kvm, runtime::Executor executor, const char* kernel,
        const char* initrd, std::uint32_t processors, std::uint64_t memory_bytes)
      : console{executor} {
    config.kernel_path = kernel;
    config.initrd_path = initrd;
    config.serial[0].kind = vmm::SerialBackend::Kind::Console;
    // base64 of: nproc; grep MemTotal /proc/meminfo; cat /sys/class/dmi/id/product_serial
    config.command_line =
        vmm::option_values::default_command_line(config) +
        " quiet mayfly.run="
        "bnByb2M7IGdyZXAgTWVtVG90YWwgL3Byb2MvbWVtaW5mbzsgY2F0IC9zeXMvY2xhc3MvZG1pL2lkL3Byb2R1Y3Rf"
        "c2VyaWFsCg==";
    config.memory_bytes = memory_bytes;
    config.processors = processors;
    config.smbios.serial = fmt::format("machine-{}", processors);
    files.emplace(config);
    backends.serial[0] = &console;
    const auto make_board = [&](const vmm::Board::Wiring& wiring) {
      return vmm::make_kvm_board(kvm, config, *files, wiring);
    };
    machine.emplace(make_board, vmm::Machine::Surroundings{backends, timeline, executor});
  }

  runtime::Task<> run() { ending = co_await machine->run(); }

  [[nodiscard]] bool as_it_should_be() const {
    const std::string& said = console.output();
    return ending == vmm::Ending::PowerOff &&
           said.find(fmt::format("{}\r\nMemTotal", config.processors)) != std::string::npos &&
           said.find(config.smbios.serial) != std::string::npos;
  }

  MemoryStream console;
  vmm::MachineConfig config;
  vmm::Backends backends;
  vmm::Timeline timeline;
  std::optional<vmm::BootFiles> files;
  std::optional<vmm::Machine> machine;
  std::optional<vmm::Ending> ending;
};

runtime::Task<> run_both(Guest& first, Guest& second) {
  (void)co_await runtime::with_deadline(120s, runtime::all(first.run(), second.run()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  try {
    const platform::kvm::System kvm;
    runtime::Loop loop;
    Guest first{kvm, loop.executor(), argv[1], argv[2], 1, 256u << 20};
    Guest second{kvm, loop.executor(), argv[1], argv[2], 2, 384u << 20};
    loop.run(run_both(first, second));
    for (const Guest* guest : {&first, &second}) {
      fmt::print("{}\n-- {}, {}\n", guest->console.output(), name(guest->ending),
                 guest->as_it_should_be() ? "good" : "bad");
    }
    return first.as_it_should_be() && second.as_it_should_be() ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "two_machines: {}\n", error.what());
    return 71;
  }
}
