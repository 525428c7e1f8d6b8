// A KVM VM behind the interface of its architecture: the part that is the same for all of them.
//
// Threads: InterruptController's and Doorbells' methods from any thread; the rest before the first
//          vCPU runs.
#pragma once

#include "platform/kvm/vm_core.hpp"

namespace platform::kvm {

/// `Interface` is platform::x86_64::Vm or platform::arm64::Vm.
template <typename Interface>
class Vm : public Interface, private InterruptController {
 public:
  void map(const GuestMemory& memory) override { core_.map(memory); }
  InterruptController& interrupts() override { return *this; }
  void ring(const Doorbell& doorbell, runtime::Event& event) override {
    core_.ring(doorbell, event);
  }
  bool try_ring(const Doorbell& doorbell, runtime::Event& event) noexcept override {
    return core_.try_ring(doorbell, event);
  }
  void unring(const Doorbell& doorbell, runtime::Event& event) noexcept override {
    core_.unring(doorbell, event);
  }

 protected:
  Vm(const System& system, std::uint32_t processors, unsigned long machine_type)
      : core_{system, processors, machine_type} {}

  VmCore core_;
};

}  // namespace platform::kvm
