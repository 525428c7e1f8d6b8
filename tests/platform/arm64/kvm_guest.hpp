// What only guests on AArch64 have.
#pragma once

#include "platform/arm64/vm.hpp"
#include "tests/platform/kvm_guest.hpp"

inline constexpr platform::GuestAddress v2m_frame{0xEFE0'0000};

/// The best interrupt controller this host has, with messages for KvmGuest::pin and other_pin.
[[nodiscard]] platform::arm64::PlatformConfig interrupt_controller(platform::arm64::Vm& vm);

[[nodiscard]] inline platform::arm64::Vm& arm64_vm(KvmGuest& guest) {
  return dynamic_cast<platform::arm64::Vm&>(*guest.vm);
}
