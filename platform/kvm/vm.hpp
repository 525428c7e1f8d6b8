// A KVM virtual machine: RAM slots and KVM's own interrupt controllers.
//
// Spec:    Linux Documentation/virt/kvm/api.rst, "VM ioctls".
// Threads: InterruptController's methods from any thread; the rest before the first vCPU runs.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "platform/kvm/coalesced_writes.hpp"
#include "platform/kvm/system.hpp"
#include "platform/vm.hpp"
#include "runtime/log.hpp"
#include "runtime/unique_fd.hpp"

namespace platform::kvm {

class Vm final : public platform::Vm, private InterruptController {
 public:
  /// Throws HostError when the host refuses, also when it has fewer processors to give than asked.
  Vm(const System& system, ProcessorTopology topology);

  unsigned physical_address_bits() override;
  void map(const GuestMemory& memory) override;
  std::unique_ptr<platform::Vcpu> create_vcpu(std::uint32_t index, const x86_64::BootState* boot,
                                              const x86_64::CommonMsrs& msrs) override;
  InterruptController& interrupts() override { return *this; }
  bool all_interrupts_masked() override;
  void ring(const Doorbell& doorbell, runtime::Event& event) override;
  void interrupt_from(int eventfd, Gsi pin) override;
  bool coalesce_writes(Port port) override;

 private:
  void set_level(Gsi pin, bool asserted) noexcept override;
  [[nodiscard]] const std::vector<kvm_cpuid_entry2>& host_cpuid();

  const System& system_;
  const ProcessorTopology topology_;
  runtime::UniqueFd vm_;
  std::uint32_t next_slot_ = 0;
  std::vector<kvm_cpuid_entry2> host_cpuid_;  // asked for once, by the first vCPU
  CoalescedWrites coalesced_;
  runtime::log::RateLimit line_failures_;
};

}  // namespace platform::kvm
