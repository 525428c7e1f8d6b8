// A PC: RAM from 0 up, ports, an I/O APIC, and a kernel entered by the boot protocol of x86.
#pragma once

#include <memory>
#include <vector>

#include "loader/x86_64/linux_boot.hpp"
#include "platform/guest_memory.hpp"
#include "platform/x86_64/vm.hpp"
#include "vmm/board.hpp"
#include "vmm/boot_files.hpp"
#include "vmm/config.hpp"
#include "vmm/x86_64/devices.hpp"

namespace vmm::x86_64 {

/// What the loader is to put into the machine's RAM.
[[nodiscard]] loader::x86_64::LinuxBoot linux_boot(const MachineConfig& config,
                                                   const BootFiles& files);

class Board final : public vmm::Board {
 public:
  /// Builds everything up to the first instruction. Throws loader::LoadError for files and command
  /// lines that do not fit, HostError for what the host refuses.
  Board(const MachineConfig& config, const BootFiles& files,
        std::unique_ptr<platform::x86_64::Vm> vm, const Wiring& wiring);

  std::span<const std::unique_ptr<platform::Vcpu>> vcpus() const override { return vcpus_; }
  bool carry_out(platform::VmExit& exit) override { return devices_.carry_out(exit); }
  std::optional<Ending> ending(const platform::VmExit& exit) override;
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
  void create_vcpus(const loader::x86_64::LoadedLinux& loaded, const MachineConfig& config);

  // In order of dependence: what is destroyed last comes first.
  const std::unique_ptr<platform::x86_64::Vm> vm_;
  platform::GuestMemory memory_;
  Devices devices_;
  std::vector<std::unique_ptr<platform::Vcpu>> vcpus_;
};

}  // namespace vmm::x86_64
