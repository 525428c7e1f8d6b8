// An AArch64 machine: RAM from 1 GiB up, a GIC, and a kernel entered as Linux' booting.rst says.
#pragma once

#include <memory>
#include <vector>

#include "loader/arm64/linux_boot.hpp"
#include "platform/arm64/vm.hpp"
#include "platform/guest_memory.hpp"
#include "vmm/arm64/devices.hpp"
#include "vmm/board.hpp"
#include "vmm/boot_files.hpp"
#include "vmm/config.hpp"

namespace vmm::arm64 {

/// What the loader is to put into the machine's RAM. `mpidrs`: one for each processor.
[[nodiscard]] loader::arm64::LinuxBoot linux_boot(const MachineConfig& config,
                                                  const BootFiles& files,
                                                  const platform::arm64::PlatformConfig& platform,
                                                  std::span<const std::uint64_t> mpidrs);

/// How many bits a guest-physical address of the machine needs.
[[nodiscard]] unsigned address_bits(const MachineConfig& config);

class Board final : public vmm::Board {
 public:
  /// Builds everything up to the first instruction. Throws loader::LoadError for files and command
  /// lines that do not fit and kernels with pages that the processors lack, HostError for what the
  /// host refuses.
  Board(const MachineConfig& config, const BootFiles& files,
        std::unique_ptr<platform::arm64::Vm> vm, const Wiring& wiring);

  std::span<const std::unique_ptr<platform::Vcpu>> vcpus() const override { return vcpus_; }
  bool carry_out(platform::VmExit& exit) override { return devices_.carry_out(exit); }
  std::optional<Ending> ending(const platform::VmExit&) override { return std::nullopt; }
  void press_power_button() override { devices_.press_power_button(); }
  void resize_console(devices::virtio::ConsoleSize size) override { devices_.resize_console(size); }
  void release_vcpus() override { devices_.release_vcpus(); }
  void run(runtime::Scope& tasks) override { devices_.run(tasks); }
  runtime::Task<> drain() override { return devices_.drain(); }
  std::uint64_t console_bytes() const override { return devices_.console_bytes(); }
  std::optional<std::chrono::steady_clock::time_point> first_console_byte_at() const override {
    return devices_.first_console_byte_at();
  }

 private:
  /// Their MPIDRs, which KVM chooses.
  std::vector<std::uint64_t> create_vcpus(const MachineConfig& config);

  // In order of dependence: what is destroyed last comes first.
  const std::unique_ptr<platform::arm64::Vm> vm_;
  const platform::arm64::PlatformConfig platform_;
  platform::GuestMemory memory_;
  Devices devices_;
  std::vector<std::unique_ptr<platform::Vcpu>> vcpus_;
};

}  // namespace vmm::arm64
