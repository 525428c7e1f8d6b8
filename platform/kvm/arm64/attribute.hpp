// Attributes of KVM's devices and vCPUs: numbered values in groups.
//
// Spec: Linux Documentation/virt/kvm/api.rst, 4.80 "KVM_SET_DEVICE_ATTR".
#pragma once

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <cstdint>

#include "runtime/error.hpp"

namespace platform::kvm::arm64 {

/// An attribute that has no value: setting it does something. `what` is for the error.
inline void set_attribute(int device, std::uint32_t group, std::uint64_t attribute,
                          const char* what) {
  kvm_device_attr request{};
  request.group = group;
  request.attr = attribute;
  runtime::check(::ioctl(device, KVM_SET_DEVICE_ATTR, &request), "{}", what);
}

/// `Value` is the type the attribute's documentation names.
template <typename Value>
void set_attribute(int device, std::uint32_t group, std::uint64_t attribute, Value value,
                   const char* what) {
  kvm_device_attr request{};
  request.group = group;
  request.attr = attribute;
  request.addr = reinterpret_cast<std::uintptr_t>(&value);
  runtime::check(::ioctl(device, KVM_SET_DEVICE_ATTR, &request), "{}", what);
}

}  // namespace platform::kvm::arm64
