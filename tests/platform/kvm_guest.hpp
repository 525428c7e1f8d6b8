// A KVM VM of this architecture with one processor.
#pragma once

#include <memory>

#include "platform/guest_memory.hpp"
#include "platform/kvm/system.hpp"
#include "platform/vm.hpp"
#include "tests/platform/guest_code.hpp"

struct KvmGuest {
  static constexpr platform::GuestAddress code_address{0x1000};
  /// Where nothing is.
  static constexpr platform::GuestAddress device{0xD000'0000};
  /// Pins of the interrupt controller that nothing is wired to.
  static const platform::Gsi pin;
  static const platform::Gsi other_pin;

  /// Its processor is about to run `code`, in the first MiB, all of which is RAM.
  explicit KvmGuest(const GuestCode& code);

  platform::kvm::System system;
  platform::GuestMemory memory;
  std::unique_ptr<platform::Vm> vm;
  std::unique_ptr<platform::Vcpu> vcpu;
};
