#include "platform/kvm/x86_64/vm.hpp"

#include "platform/kvm/x86_64/setup.hpp"

namespace platform::kvm::x86_64 {

Vm::Vm(const System& system, platform::x86_64::ProcessorTopology topology)
    : kvm::Vm<platform::x86_64::Vm>{system, topology.count, 0} {
  set_up_interrupt_controllers(core_.descriptor());
}

unsigned Vm::physical_address_bits() {
  return x86_64::physical_address_bits(host_cpuid());
}

const std::vector<kvm_cpuid_entry2>& Vm::host_cpuid() {
  if (host_cpuid_.empty()) host_cpuid_ = supported_cpuid(core_.system().descriptor());
  return host_cpuid_;
}

std::unique_ptr<platform::Vcpu> Vm::create_vcpu(std::uint32_t index,
                                                const platform::x86_64::BootState* boot,
                                                const platform::x86_64::CommonMsrs& msrs) {
  auto vcpu = core_.create_vcpu(index);
  set_up_vcpu(vcpu->descriptor(),
              {.index = index,
               .processors = core_.processors(),
               .host_cpuid = host_cpuid(),
               .tsc_deadline_timer = core_.system().capability(KVM_CAP_TSC_DEADLINE_TIMER) != 0,
               .boot = boot,
               .msrs = msrs});
  return vcpu;
}

// Intel SDM volume 3, 11.11.1: local APICs take messages in one MiB; any other is a write to
// memory, which KVM would not notice.
void Vm::send(const Message& message, std::uint32_t) noexcept {
  constexpr AddressRange local_apics{{0xFEE0'0000}, 0x10'0000};
  if (local_apics.contains(message.address)) core_.send(message, std::nullopt);
}

bool Vm::all_interrupts_masked() {
  return all_pins_masked(core_.descriptor());
}

}  // namespace platform::kvm::x86_64
