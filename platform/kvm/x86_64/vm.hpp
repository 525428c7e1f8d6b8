// A KVM virtual machine with x86_64 processors and KVM's own interrupt controllers.
//
// Spec: Linux Documentation/virt/kvm/api.rst, "VM ioctls".
#pragma once

#include <linux/kvm.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "platform/kvm/vm.hpp"
#include "platform/x86_64/vm.hpp"

namespace platform::kvm::x86_64 {

class Vm final : public kvm::Vm<platform::x86_64::Vm> {
 public:
  /// Throws HostError when the host refuses.
  Vm(const System& system, platform::x86_64::ProcessorTopology topology);

  unsigned physical_address_bits() override;
  std::unique_ptr<platform::Vcpu> create_vcpu(std::uint32_t index,
                                              const platform::x86_64::BootState* boot,
                                              const platform::x86_64::CommonMsrs& msrs) override;
  bool all_interrupts_masked() override;
  void interrupt_from(int eventfd, Gsi pin) override { core_.interrupt_from(eventfd, pin.value); }
  bool try_show(GuestAddress place, const RegisterPage& page) noexcept override {
    return core_.try_show(place, page);
  }
  void hide(GuestAddress place) noexcept override { core_.hide(place); }
  bool coalesce_writes(Port port) override { return core_.coalesce_writes(port); }

 private:
  void set_level(Gsi pin, bool asserted) noexcept override { core_.set_line(pin.value, asserted); }
  void send(const Message& message, std::uint32_t device_id) noexcept override;
  [[nodiscard]] const std::vector<kvm_cpuid_entry2>& host_cpuid();

  std::vector<kvm_cpuid_entry2> host_cpuid_;  // asked for once, by the first vCPU
};

}  // namespace platform::kvm::x86_64
