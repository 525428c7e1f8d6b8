// A VM with x86_64 processors, a PC's interrupt controllers and ports.
#pragma once

#include <cstdint>
#include <memory>

#include "platform/vm.hpp"
#include "platform/x86_64/cpu_state.hpp"

namespace platform::x86_64 {

/// How the processors look to the guest. APIC ids are the vCPU indices: one socket, no SMT.
struct ProcessorTopology {
  std::uint32_t count = 1;
};

class Vm : public platform::Vm {
 public:
  /// Creates processor `index` (in order, from 0). With a boot state it starts there; without, it
  /// waits for the boot processor to start it (INIT and SIPI).
  virtual std::unique_ptr<Vcpu> create_vcpu(std::uint32_t index, const BootState* boot,
                                            const CommonMsrs& msrs) = 0;

  /// Whether the guest, having used the interrupt controller, has masked all of its pins: Linux
  /// does so when it restarts in order and never when it panics, and it may end both with a triple
  /// fault.
  [[nodiscard]] virtual bool all_interrupts_masked() = 0;

  /// From here on the back end may answer writes to this port late: with the next exit. For
  /// write-only registers whose effect shows only through another register. A hint; false when not
  /// supported.
  virtual bool coalesce_writes(Port port) = 0;
};

}  // namespace platform::x86_64
