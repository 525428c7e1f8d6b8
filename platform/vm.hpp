// A virtual machine as its back end provides it: memory, processors, interrupts.
//
// KVM is one back end (platform/kvm); tests use a scripted one.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "platform/doorbell.hpp"
#include "platform/guest_memory.hpp"
#include "platform/interrupts.hpp"
#include "platform/vcpu.hpp"
#include "platform/x86_64/cpu_state.hpp"
#include "runtime/event.hpp"

namespace platform {

/// How the processors look to the guest. APIC ids are the vCPU indices: one socket, no SMT.
struct ProcessorTopology {
  std::uint32_t count = 1;
};

class Vm {
 public:
  virtual ~Vm() = default;

  /// How many bits of guest-physical address its processors have.
  [[nodiscard]] virtual unsigned physical_address_bits() = 0;

  /// Makes RAM visible to the guest. `memory` must outlive this object.
  virtual void map(const GuestMemory& memory) = 0;

  /// Creates processor `index` (in order, from 0). With a boot state it starts there; without, it
  /// waits for the boot processor to start it (x86: INIT and SIPI).
  virtual std::unique_ptr<Vcpu> create_vcpu(std::uint32_t index, const x86_64::BootState* boot,
                                            const x86_64::CommonMsrs& msrs) = 0;

  virtual InterruptController& interrupts() = 0;

  /// Whether the guest, having used the interrupt controller, has masked all of its pins: Linux
  /// does so when it restarts in order and never when it panics, and it may end both with a triple
  /// fault.
  [[nodiscard]] virtual bool all_interrupts_masked() = 0;

  /// From here on such a write notifies `event`, which outlives this object, and is no exit any
  /// more.
  virtual void ring(const Doorbell& doorbell, runtime::Event& event) = 0;

  /// From here on each write to the eventfd is a rising edge of the pin. The descriptor may be
  /// closed afterwards.
  virtual void interrupt_from(int eventfd, Gsi pin) = 0;

  /// From here on the back end may answer writes to this port late: with the next exit. For
  /// write-only registers whose effect shows only through another register. A hint; false when not
  /// supported.
  virtual bool coalesce_writes(Port port) = 0;
};

}  // namespace platform
