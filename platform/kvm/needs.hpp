// Which KVM capabilities an architecture's back end stands on; each defines its own list.
#pragma once

#include <span>

namespace platform::kvm {

struct Need {
  unsigned capability;
  const char* name;
};

[[nodiscard]] std::span<const Need> needs();

}  // namespace platform::kvm
