#include "platform/kvm/needs.hpp"

#include <linux/kvm.h>

#include <array>

namespace platform::kvm {

std::span<const Need> needs() {
  static constexpr std::array list{
      Need{KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},
      Need{KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP"},
      Need{KVM_CAP_DEVICE_CTRL, "KVM_CAP_DEVICE_CTRL"},
      Need{KVM_CAP_ARM_PSCI_0_2, "KVM_CAP_ARM_PSCI_0_2"},
      Need{KVM_CAP_IOEVENTFD_ANY_LENGTH, "KVM_CAP_IOEVENTFD_ANY_LENGTH"},
      Need{KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
  };
  return list;
}

}  // namespace platform::kvm
