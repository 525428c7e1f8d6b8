// A virtual machine as its back end provides it: what every architecture has. What only one has is
// in x86_64/vm.hpp and arm64/vm.hpp; there processors are made, too.
//
// KVM is one back end (platform/kvm); tests use a scripted one.
#pragma once

#include "platform/doorbell.hpp"
#include "platform/guest_memory.hpp"
#include "platform/interrupts.hpp"
#include "platform/register_pages.hpp"
#include "platform/vcpu.hpp"

namespace platform {

class Vm : public Doorbells, public RegisterPages {
 public:
  /// How many bits of guest-physical address its processors have.
  [[nodiscard]] virtual unsigned physical_address_bits() = 0;

  /// Makes RAM visible to the guest. `memory` must outlive this object.
  virtual void map(const GuestMemory& memory) = 0;

  virtual InterruptController& interrupts() = 0;

  /// The same as try_ring, once and for all: throws HostError instead.
  virtual void ring(const Doorbell& doorbell, runtime::Event& event) = 0;

  /// From here on each write to the eventfd is a rising edge of the pin. The descriptor may be
  /// closed afterwards.
  virtual void interrupt_from(int eventfd, Gsi pin) = 0;
};

}  // namespace platform
