// What only guests on AArch64 have.
#pragma once

#include "platform/arm64/vm.hpp"
#include "tests/platform/kvm_guest.hpp"

/// The best interrupt controller this host has, without messages.
[[nodiscard]] platform::arm64::PlatformConfig interrupt_controller(platform::arm64::Vm& vm);

[[nodiscard]] inline platform::arm64::Vm& arm64_vm(KvmGuest& guest) {
  return dynamic_cast<platform::arm64::Vm&>(*guest.vm);
}
