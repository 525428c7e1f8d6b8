// /dev/kvm: what this host's KVM can do. VMs are made from it; any number may share one.
//
// Spec: Linux Documentation/virt/kvm/api.rst, "System ioctls".
#pragma once

#include <linux/kvm.h>

#include <cstdint>
#include <vector>

#include "runtime/unique_fd.hpp"

namespace platform::kvm {

class System {
 public:
  /// Throws HostError when there is no KVM or it lacks what we stand on.
  System();

  [[nodiscard]] int descriptor() const { return kvm_.get(); }
  /// What the capability answers: 0 for absent, otherwise a number with its own meaning.
  [[nodiscard]] int capability(unsigned capability) const;
  [[nodiscard]] std::size_t vcpu_mapping_bytes() const { return vcpu_mapping_bytes_; }
  [[nodiscard]] std::uint32_t max_vcpus() const;

 private:
  runtime::UniqueFd kvm_;
  std::size_t vcpu_mapping_bytes_;
};

}  // namespace platform::kvm
