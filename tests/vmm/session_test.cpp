#include "vmm/session.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/loop.hpp"
#include "tests/support/fake_vm.hpp"
#include "tests/support/kernel_file.hpp"
#include "vmm/boot_files.hpp"
#include "vmm/exit_status.hpp"
#include "vmm/x86_64/board.hpp"

using vmm::Session;

namespace {

ScriptedExit reset() {
  return write_port(0x64, {0xFE});
}

ScriptedExit power_off() {
  return write_port(0x404, {0x00, 0x20}, 2);
}

/// What a process can leave behind: descriptors, mappings, threads.
struct Holdings {
  static Holdings now() {
    namespace fs = std::filesystem;
    const auto entries = [](const char* folder) {
      return std::distance(fs::directory_iterator{folder}, fs::directory_iterator{});
    };
    return {entries("/proc/self/fd"), entries("/proc/self/task"), mappings_near_stack()};
  }

  // Where the kernel puts mappings, that is; what a sanitizer remembers of each thread lies
  // elsewhere.
  static std::ptrdiff_t mappings_near_stack() {
    constexpr unsigned near = 40;  // within a TiB
    const int local = 0;
    const auto here = reinterpret_cast<std::uintptr_t>(&local) >> near;
    std::ifstream maps{"/proc/self/maps"};
    std::ptrdiff_t count = 0;
    for (std::string line; std::getline(maps, line);) {
      if (std::stoull(line, nullptr, 16) >> near == here) ++count;
    }
    return count;
  }

  std::ptrdiff_t descriptors;
  std::ptrdiff_t threads;
  std::ptrdiff_t mappings;
};

/// A guest that resets `resets` times and then powers off.
struct Bench {
  explicit Bench(int resets) : resets_left{resets} {
    options.machine.kernel_path = kernel.path();
    options.machine.memory_bytes = 64u << 20;
    options.machine.serial[0].kind = vmm::SerialBackend::Kind::None;
    options.power.on_reset = vmm::OnReset::Restart;
    files.emplace(options.machine);
  }

  std::unique_ptr<vmm::Board> make_board(const vmm::Board::Wiring& wiring) {
    holdings.push_back(Holdings::now());
    FakeX86Script& script = scripts.emplace_back();
    script.exits.push_back({resets_left-- > 0 ? reset() : power_off()});
    return std::make_unique<vmm::x86_64::Board>(options.machine, *files,
                                                std::make_unique<FakeX86Vm>(script), wiring);
  }

  int run() {
    runtime::Loop loop;
    Session session{options, [this](const auto& wiring) { return make_board(wiring); }, timeline,
                    loop.executor()};
    loop.run(session.run());
    return session.exit_status();
  }

  KernelFile kernel;
  vmm::Options options;
  std::optional<vmm::BootFiles> files;
  vmm::Timeline timeline;
  std::deque<FakeX86Script> scripts;
  std::vector<Holdings> holdings;  // just before each machine is made
  int resets_left;
};

}  // namespace

TEST_CASE("session: a machine that starts over leaves nothing behind", "[vmm][session]") {
  constexpr int resets = 50;
  Bench bench{resets};
  CHECK(bench.run() == vmm::exit_status::guest_ended);
  REQUIRE(bench.holdings.size() == resets + 1);
  // The first machine may have had the process open what all of them share.
  const Holdings& before = bench.holdings[1];
  const Holdings& after = bench.holdings.back();
  CHECK(after.descriptors == before.descriptors);
  // One left by each machine would be 49. Some come and go: a joined thread is listed for a moment,
  // and neighbouring mappings merge.
  CHECK(after.threads - before.threads < resets / 2);
  CHECK(after.mappings - before.mappings < resets / 2);
}

TEST_CASE("session: without a restart asked for, the first reset ends it", "[vmm][session]") {
  Bench bench{1};
  bench.options.power.on_reset = vmm::OnReset::Exit;
  CHECK(bench.run() == vmm::exit_status::guest_ended);
  CHECK(bench.holdings.size() == 1);
}
