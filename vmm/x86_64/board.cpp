#include "vmm/x86_64/board.hpp"

#include "vmm/x86_64/address_map.hpp"
#include "vmm/x86_64/registers.hpp"

namespace vmm::x86_64 {

loader::x86_64::LinuxBoot linux_boot(const MachineConfig& config, const BootFiles& files) {
  loader::x86_64::LinuxBoot boot;
  boot.kernel = files.kernel.image();
  boot.kernel_entry = config.kernel_entry;
  if (files.initrd) boot.initrd = files.initrd->image();
  boot.command_line = config.command_line;
  for (std::uint32_t i = 0; i < config.processors; ++i)
    boot.machine.processors.push_back({.apic_id = i});
  for (const platform::AddressRange range : address_map::ram(config.memory_bytes)) {
    boot.machine.memory.push_back({.range = range});
  }
  describe_devices(config, boot.machine);
  boot.identity = config.smbios;
  return boot;
}

Board::Board(const MachineConfig& config, const BootFiles& files,
             std::unique_ptr<platform::x86_64::Vm> vm, const Wiring& wiring)
    : vm_{std::move(vm)},
      memory_{address_map::ram(config.memory_bytes)},
      devices_{config, *vm_, memory_, wiring} {
  vm_->map(memory_);
  // The index of a CMOS register matters only once its data port is read or written.
  (void)vm_->coalesce_writes(address_map::rtc);
  wiring.timeline.mark(BootEvent::MemoryReady);
  const auto loaded = files.load_unchanged(
      [&] { return loader::x86_64::load_linux(linux_boot(config, files), memory_); });
  wiring.timeline.mark(BootEvent::KernelPlaced);
  create_vcpus(loaded, config);
  wiring.timeline.mark(BootEvent::VcpusCreated);
}

void Board::create_vcpus(const loader::x86_64::LoadedLinux& loaded, const MachineConfig& config) {
  const platform::x86_64::BootState boot = boot_state(loaded.entry);
  const platform::x86_64::CommonMsrs msrs =
      common_msrs(config.memory_bytes, vm_->physical_address_bits());
  for (std::uint32_t i = 0; i < config.processors; ++i) {
    vcpus_.push_back(vm_->create_vcpu(i, i == 0 ? &boot : nullptr, msrs));
  }
}

std::optional<Ending> Board::ending(const platform::VmExit& exit) {
  if (!std::holds_alternative<platform::TripleFault>(exit)) return std::nullopt;
  return vm_->all_interrupts_masked() ? Ending::Reset : Ending::Crash;
}

}  // namespace vmm::x86_64
