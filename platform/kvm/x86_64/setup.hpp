// What an x86_64 KVM VM and its vCPUs are told before the guest runs.
#pragma once

#include <linux/kvm.h>

#include <cstdint>
#include <vector>

#include "platform/kvm/x86_64/cpuid.hpp"
#include "platform/x86_64/cpu_state.hpp"

namespace platform::kvm::x86_64 {

/// KVM's own PICs, I/O APIC and local APICs; no PIT (README.md says why).
void set_up_interrupt_controllers(int vm);

/// Whether the I/O APIC has been programmed and then all of its pins masked.
[[nodiscard]] bool all_pins_masked(int vm);

/// What KVM can show a guest on this host.
[[nodiscard]] std::vector<kvm_cpuid_entry2> supported_cpuid(int kvm);

struct VcpuSetup {
  std::uint32_t index;       ///< Also its APIC id.
  std::uint32_t processors;  ///< In the whole machine.
  const std::vector<kvm_cpuid_entry2>& host_cpuid;
  bool tsc_deadline_timer;
  const platform::x86_64::BootState* boot;  ///< Null: waits for INIT and SIPI.
  const platform::x86_64::CommonMsrs& msrs;
};

void set_up_vcpu(int vcpu, const VcpuSetup& setup);

}  // namespace platform::kvm::x86_64
