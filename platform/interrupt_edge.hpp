// A device's wire to a pin on which rising edges alone count: raised by an eventfd, so that KVM
// injects the interrupt without a system call of ours per level.
//
// Threads: any.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "runtime/error.hpp"
#include "runtime/unique_fd.hpp"

namespace platform {

class InterruptEdge {
 public:
  /// Throws HostError when the process has no descriptor left. Vm::interrupt_from wires it.
  InterruptEdge()
      : eventfd_{runtime::check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "create an eventfd")} {}

  void raise() const noexcept {
    const std::uint64_t one = 1;
    (void)runtime::retry_interrupted([&] { return ::write(eventfd_.get(), &one, sizeof one); });
  }

  [[nodiscard]] int native_handle() const noexcept { return eventfd_.get(); }

 private:
  runtime::UniqueFd eventfd_;
};

}  // namespace platform
