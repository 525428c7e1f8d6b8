// What only guests on x86_64 have.
#pragma once

#include "platform/x86_64/vm.hpp"
#include "tests/platform/kvm_guest.hpp"

/// Flat 32-bit protected mode, interrupts off, at KvmGuest::code_address.
[[nodiscard]] platform::x86_64::BootState flat_32();

[[nodiscard]] inline GuestCode instructions(std::initializer_list<std::uint8_t> bytes) {
  return GuestCode{}.add(bytes);
}

[[nodiscard]] inline platform::x86_64::Vm& x86_64_vm(KvmGuest& guest) {
  return dynamic_cast<platform::x86_64::Vm&>(*guest.vm);
}
