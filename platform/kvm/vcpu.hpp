// A KVM vCPU: KVM_RUN, and the page it shares with us decoded into a VmExit.
//
// Spec:    Linux Documentation/virt/kvm/api.rst, 5 "The kvm_run structure".
// Threads: run() on one thread; kick() from any.
#pragma once

#include <linux/kvm.h>
#include <pthread.h>

#include <mutex>
#include <optional>

#include "platform/kvm/coalesced_writes.hpp"
#include "platform/vcpu.hpp"
#include "runtime/mapping.hpp"
#include "runtime/unique_fd.hpp"

namespace platform::kvm {

class Vcpu final : public platform::Vcpu {
 public:
  Vcpu(runtime::UniqueFd vcpu, std::size_t mapping_bytes, CoalescedWrites& coalesced);

  runtime::Generator<VmExit&> run() override;
  void kick() noexcept override;

  [[nodiscard]] int descriptor() const { return vcpu_.get(); }
  /// The VM's ring of coalesced writes, which lies `page` pages into this vCPU's mapping.
  [[nodiscard]] CoalescedRing* coalesced_ring(int page) const;

 private:
  class Running;

  [[nodiscard]] kvm_run& shared() const { return *reinterpret_cast<kvm_run*>(mapping_.data()); }
  /// Enters the guest once; false when the entry was cut short and there is no exit to look at.
  [[nodiscard]] bool enter();
  [[nodiscard]] VmExit exit() const;
  [[nodiscard]] VmExit port_exit() const;
  [[nodiscard]] VmExit mmio_exit() const;
  [[nodiscard]] VmExit system_event() const;

  runtime::UniqueFd vcpu_;
  runtime::Mapping mapping_;
  CoalescedWrites& coalesced_;
  std::mutex thread_mutex_;  // a thread is signalled only while it is in run()
  std::optional<pthread_t> thread_;
};

}  // namespace platform::kvm
