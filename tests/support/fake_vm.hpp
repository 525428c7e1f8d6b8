// A platform back end without a processor: vCPUs that stop for a script of exits, and interrupt
// pins that remember.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "platform/x86_64/vm.hpp"

/// One exit of a script. Reads leave what they were answered in `answer`.
struct ScriptedExit {
  std::function<platform::VmExit(std::vector<std::byte>& buffer)> make;
  std::vector<std::byte> buffer = {};
};

inline ScriptedExit write_port(std::uint16_t port, std::vector<std::uint8_t> bytes,
                               std::uint8_t width_bytes = 1) {
  return {[=](std::vector<std::byte>& buffer) -> platform::VmExit {
    buffer.clear();
    for (const std::uint8_t byte : bytes) buffer.push_back(std::byte{byte});
    return platform::PortWrite{{port}, width_bytes, buffer};
  }};
}

inline ScriptedExit read_port(std::uint16_t port, std::size_t size_bytes,
                              std::uint8_t width_bytes = 1) {
  return {[=](std::vector<std::byte>& buffer) -> platform::VmExit {
    buffer.assign(size_bytes, std::byte{0});
    return platform::PortRead{{port}, width_bytes, buffer};
  }};
}

inline ScriptedExit write_mmio(std::uint64_t address, std::vector<std::uint8_t> bytes) {
  return {[=](std::vector<std::byte>& buffer) -> platform::VmExit {
    buffer.clear();
    for (const std::uint8_t byte : bytes) buffer.push_back(std::byte{byte});
    return platform::MmioWrite{{address}, buffer};
  }};
}

inline ScriptedExit read_mmio(std::uint64_t address, std::size_t size_bytes) {
  return {[=](std::vector<std::byte>& buffer) -> platform::VmExit {
    buffer.assign(size_bytes, std::byte{0});
    return platform::MmioRead{{address}, buffer};
  }};
}

inline ScriptedExit exit_with(platform::VmExit exit) {
  return {[=](std::vector<std::byte>&) { return exit; }};
}

/// Goes through its script, then waits in the "guest" until kicked.
class FakeVcpu final : public platform::Vcpu {
 public:
  using Failure = std::function<void()>;

  FakeVcpu(std::vector<ScriptedExit>& script, Failure at_end, std::atomic<std::uint64_t>& steps)
      : script_{script}, at_end_{std::move(at_end)}, steps_{steps} {}

  runtime::Generator<platform::VmExit&> run() override {
    for (ScriptedExit& scripted : script_) {
      platform::VmExit exit = scripted.make(scripted.buffer);
      co_yield exit;
      ++steps_;
    }
    if (at_end_) at_end_();
    for (;;) {
      wait_for_kick();
      platform::VmExit kicked = platform::Kicked{};
      co_yield kicked;
      ++steps_;
    }
  }

  void kick() noexcept override {
    const std::lock_guard lock{mutex_};
    kicked_ = true;
    changed_.notify_all();
  }

 private:
  void wait_for_kick() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return kicked_; });
    kicked_ = false;
  }

  std::vector<ScriptedExit>& script_;
  Failure at_end_;
  std::atomic<std::uint64_t>& steps_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool kicked_ = false;
};

/// What a test prepares for a FakeVm and looks at afterwards; outlives it.
struct FakeVmScript {
  std::vector<std::vector<ScriptedExit>> exits = {};  ///< One script for each vCPU.
  std::function<void()> at_end = {};  ///< Run by vCPU 0 after its script; may throw.
  std::vector<std::pair<platform::Gsi, bool>> levels = {};
  std::vector<platform::x86_64::CommonMsrs> msrs = {};
  platform::x86_64::BootState boot = {};
  const platform::GuestMemory* memory = nullptr;
  bool all_interrupts_masked = false;
  std::atomic<std::uint64_t> steps = 0;
};

class FakeVm final : public platform::x86_64::Vm, private platform::InterruptController {
 public:
  explicit FakeVm(FakeVmScript& script) : script_{script} {}

  unsigned physical_address_bits() override { return 46; }
  void map(const platform::GuestMemory& memory) override { script_.memory = &memory; }
  std::unique_ptr<platform::Vcpu> create_vcpu(std::uint32_t index,
                                              const platform::x86_64::BootState* boot,
                                              const platform::x86_64::CommonMsrs& msrs) override {
    if (boot != nullptr) script_.boot = *boot;
    script_.msrs.push_back(msrs);
    return std::make_unique<FakeVcpu>(
        script_.exits.at(index), index == 0 ? script_.at_end : FakeVcpu::Failure{}, script_.steps);
  }
  platform::InterruptController& interrupts() override { return *this; }
  bool all_interrupts_masked() override { return script_.all_interrupts_masked; }
  void ring(const platform::Doorbell&, runtime::Event&) override {}
  void interrupt_from(int, platform::Gsi) override {}
  bool coalesce_writes(platform::Port) override { return false; }

 private:
  void set_level(platform::Gsi pin, bool asserted) noexcept override {
    const std::lock_guard lock{mutex_};
    script_.levels.emplace_back(pin, asserted);
  }

  FakeVmScript& script_;
  std::mutex mutex_;
};
