// What KVM VMs of every architecture have: RAM slots, eventfds for doorbells and interrupts.
//
// Spec:    Linux Documentation/virt/kvm/api.rst, "VM ioctls".
// Threads: try_ring, unring, try_show, hide, set_line and send from any thread; the rest before the
//          first vCPU runs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "platform/kvm/coalesced_writes.hpp"
#include "platform/kvm/system.hpp"
#include "platform/kvm/vcpu.hpp"
#include "platform/vm.hpp"
#include "runtime/guarded.hpp"
#include "runtime/log.hpp"
#include "runtime/unique_fd.hpp"

namespace platform::kvm {

class VmCore {
 public:
  /// `machine_type` is KVM_CREATE_VM's argument. Throws HostError when the host refuses, also when
  /// it has fewer processors to give than asked.
  VmCore(const System& system, std::uint32_t processors, unsigned long machine_type);

  [[nodiscard]] const System& system() const { return system_; }
  [[nodiscard]] int descriptor() const { return vm_.get(); }
  [[nodiscard]] std::uint32_t processors() const { return processors_; }

  void map(const GuestMemory& memory);
  void ring(const Doorbell& doorbell, runtime::Event& event);
  [[nodiscard]] bool try_ring(const Doorbell& doorbell, runtime::Event& event) noexcept;
  void unring(const Doorbell& doorbell, runtime::Event& event) noexcept;
  [[nodiscard]] bool try_show(GuestAddress place, const RegisterPage& page) noexcept;
  void hide(GuestAddress place) noexcept;
  /// `pin` as KVM_IRQFD counts it.
  void interrupt_from(int eventfd, std::uint32_t pin);
  /// `line` as KVM_IRQ_LINE encodes it.
  void set_line(std::uint32_t line, bool asserted) noexcept;
  /// `device_id`: where the controller tells apart who sent it.
  void send(const Message& message, std::optional<std::uint32_t> device_id) noexcept;
  bool coalesce_writes(Port port);

  /// A vCPU of this VM; KVM's part is made, its registers are as KVM makes them.
  [[nodiscard]] std::unique_ptr<Vcpu> create_vcpu(std::uint32_t index);

 private:
  const System& system_;
  const std::uint32_t processors_;
  runtime::UniqueFd vm_;
  struct Slots {
    std::uint32_t next = 0;
    std::map<GuestAddress, std::uint32_t> shown = {};  // register pages
  };
  runtime::Guarded<Slots> slots_;
  CoalescedWrites coalesced_;
  runtime::log::RateLimit line_failures_;
};

}  // namespace platform::kvm
