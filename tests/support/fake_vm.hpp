// Platform back ends without a processor: vCPUs that play scripts, and interrupt pins that
// remember.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "platform/arm64/vm.hpp"
#include "platform/x86_64/vm.hpp"
#include "tests/support/scripted_vcpu.hpp"

/// What a test prepares for a fake VM and looks at afterwards; outlives it.
struct FakeVmScript {
  std::vector<std::vector<ScriptedExit>> exits = {};  ///< One script for each vCPU.
  std::function<void()> at_end = {};  ///< Run by vCPU 0 after its script; may throw.
  std::vector<std::pair<platform::Gsi, bool>> levels = {};
  std::vector<platform::Message> messages = {};
  const platform::GuestMemory* memory = nullptr;
  std::atomic<std::uint64_t> steps = 0;
};

/// What is the same for every architecture; `Interface` is its platform::*::Vm.
template <typename Interface>
class FakeVm : public Interface, private platform::InterruptController {
 public:
  unsigned physical_address_bits() override { return 46; }
  void map(const platform::GuestMemory& memory) override { script_.memory = &memory; }
  platform::InterruptController& interrupts() override { return *this; }
  void ring(const platform::Doorbell&, runtime::Event&) override {}
  bool try_ring(const platform::Doorbell&, runtime::Event&) noexcept override { return true; }
  void unring(const platform::Doorbell&, runtime::Event&) noexcept override {}
  bool try_show(platform::GuestAddress, const platform::RegisterPage&) noexcept override {
    return false;
  }
  void hide(platform::GuestAddress) noexcept override {}
  void interrupt_from(int, platform::Gsi) override {}

 protected:
  explicit FakeVm(FakeVmScript& script) : script_{script} {}

  std::unique_ptr<platform::Vcpu> make_vcpu(std::uint32_t index) {
    return std::make_unique<ScriptedVcpu>(script_.exits.at(index),
                                          index == 0 ? script_.at_end : ScriptedVcpu::Failure{},
                                          script_.steps);
  }

 private:
  void set_level(platform::Gsi pin, bool asserted) noexcept override {
    const std::lock_guard lock{mutex_};
    script_.levels.emplace_back(pin, asserted);
  }

  void send(const platform::Message& message, std::uint32_t) noexcept override {
    const std::lock_guard lock{mutex_};
    script_.messages.push_back(message);
  }

  FakeVmScript& script_;
  std::mutex mutex_;
};

struct FakeX86Script : FakeVmScript {
  std::vector<platform::x86_64::CommonMsrs> msrs = {};
  platform::x86_64::BootState boot = {};
  bool all_interrupts_masked = false;
};

class FakeX86Vm final : public FakeVm<platform::x86_64::Vm> {
 public:
  explicit FakeX86Vm(FakeX86Script& script) : FakeVm{script}, script_{script} {}

  std::unique_ptr<platform::Vcpu> create_vcpu(std::uint32_t index,
                                              const platform::x86_64::BootState* boot,
                                              const platform::x86_64::CommonMsrs& msrs) override {
    if (boot != nullptr) script_.boot = *boot;
    script_.msrs.push_back(msrs);
    return make_vcpu(index);
  }
  bool all_interrupts_masked() override { return script_.all_interrupts_masked; }
  bool coalesce_writes(platform::Port) override { return false; }

 private:
  FakeX86Script& script_;
};

struct FakeArm64Script : FakeVmScript {
  platform::arm64::Features features{.gic_v2 = true, .gic_v3 = true, .gic_its = true, .pmu = true};
  std::function<std::uint64_t(std::uint32_t index)> mpidr = platform::arm64::default_mpidr;
  std::uint64_t missing_page_bytes = 0;  ///< A page size its processors do not have.
  // Afterwards:
  std::vector<platform::arm64::Pmu> pmus = {};  ///< One for each vCPU created.
  std::optional<platform::arm64::PlatformConfig> platform = {};
  platform::arm64::BootState boot = {};
};

/// Insists on the order platform::arm64::Vm asks for: throws std::logic_error.
class FakeArm64Vm final : public FakeVm<platform::arm64::Vm> {
 public:
  explicit FakeArm64Vm(FakeArm64Script& script) : FakeVm{script}, script_{script} {}

  platform::arm64::Features features() override { return script_.features; }
  std::unique_ptr<platform::Vcpu> create_vcpu(std::uint32_t index,
                                              platform::arm64::Pmu pmu) override {
    insist(!script_.platform, "a vCPU after the interrupt controller");
    insist(index == script_.pmus.size(), "a vCPU out of turn");
    script_.pmus.push_back(pmu);
    return make_vcpu(index);
  }
  std::uint64_t mpidr(std::uint32_t index) override {
    insist(index < script_.pmus.size(), "the name of a vCPU that is not there");
    return script_.mpidr(index);
  }
  bool has_pages_of(std::uint64_t page_bytes) override {
    return page_bytes != script_.missing_page_bytes;
  }
  void create_interrupt_controller(const platform::arm64::PlatformConfig& config) override {
    insist(!script_.platform, "a second interrupt controller");
    insist(script_.pmus.size() == script_.exits.size(), "an interrupt controller before a vCPU");
    platform::arm64::validate(config, static_cast<std::uint32_t>(script_.pmus.size()));
    script_.platform = config;
  }
  void set_boot_state(const platform::arm64::BootState& boot) override {
    insist(!script_.pmus.empty(), "registers of a vCPU that is not there");
    script_.boot = boot;
  }

 private:
  static void insist(bool holds, const char* otherwise) {
    if (!holds) throw std::logic_error{otherwise};
  }

  FakeArm64Script& script_;
};
