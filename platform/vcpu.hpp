// A virtual processor: run it, and it stops with a VmExit.
#pragma once

#include "platform/vm_exit.hpp"
#include "runtime/generator.hpp"

namespace platform {

class Vcpu {
 public:
  virtual ~Vcpu() = default;

  /// Runs the guest; yields each exit. Resuming goes on with the answer left in the exit's spans.
  /// It never returns by itself: whoever has seen enough destroys the generator.
  /// One thread at a time, and the same one from the first exit to the last.
  /// Throws HostError when the host fails us.
  virtual runtime::Generator<VmExit&> run() = 0;

  /// Makes run() yield Kicked soon, whether it is in the guest, on its way there, or not running at
  /// all (then the next run() yields it first). From any thread; kicks coalesce and are never lost.
  virtual void kick() noexcept = 0;
};

}  // namespace platform
