#include "platform/kvm/needs.hpp"

#include <linux/kvm.h>

#include <array>

namespace platform::kvm {

std::span<const Need> needs() {
  static constexpr std::array list{
      Need{KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},
      Need{KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP"},
      Need{KVM_CAP_SIGNAL_MSI, "KVM_CAP_SIGNAL_MSI"},
      Need{KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID"},
      Need{KVM_CAP_IOEVENTFD_ANY_LENGTH, "KVM_CAP_IOEVENTFD_ANY_LENGTH"},
      Need{KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
      Need{KVM_CAP_GET_TSC_KHZ, "KVM_CAP_GET_TSC_KHZ"},
  };
  return list;
}

}  // namespace platform::kvm
