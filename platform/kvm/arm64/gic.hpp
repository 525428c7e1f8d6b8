// KVM's generic interrupt controllers: which there are, and how one is set up.
//
// Spec: Linux Documentation/virt/kvm/devices/{arm-vgic,arm-vgic-v3,arm-vgic-its}.rst.
#pragma once

#include <vector>

#include "platform/arm64/vm.hpp"
#include "runtime/unique_fd.hpp"

namespace platform::kvm::arm64 {

/// Which of them KVM can give the VM. Asks only, changes nothing.
struct GicSupport {
  bool v2 = false;
  bool v3 = false;
  bool its = false;
};
[[nodiscard]] GicSupport gic_support(int vm);

/// Makes the controllers of a VM that has all its vCPUs. The descriptors live as long as the VM
/// needs them; there is nothing else to do with them.
[[nodiscard]] std::vector<runtime::UniqueFd> create_gic(
    int vm, const platform::arm64::PlatformConfig& config);

}  // namespace platform::kvm::arm64
