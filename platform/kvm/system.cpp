#include "platform/kvm/system.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <array>

#include "runtime/error.hpp"

namespace platform::kvm {
namespace {

struct Need {
  unsigned capability;
  const char* name;
};

constexpr std::array needs{
    Need{KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},
    Need{KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP"},
    Need{KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID"},
    Need{KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
    Need{KVM_CAP_GET_TSC_KHZ, "KVM_CAP_GET_TSC_KHZ"},
};

}  // namespace

System::System()
    : kvm_{runtime::check(::open("/dev/kvm", O_RDWR | O_CLOEXEC), "open /dev/kvm")},
      vcpu_mapping_bytes_{static_cast<std::size_t>(runtime::check(
          ::ioctl(kvm_.get(), KVM_GET_VCPU_MMAP_SIZE, 0), "ask KVM for its vCPU mapping size"))} {
  const int version =
      runtime::check(::ioctl(kvm_.get(), KVM_GET_API_VERSION, 0), "ask KVM for its version");
  if (version != KVM_API_VERSION) {
    throw runtime::HostError{ENOSYS, "use /dev/kvm: its API version is {}, expected {}", version,
                             KVM_API_VERSION};
  }
  for (const Need need : needs) {
    if (capability(need.capability) == 0) {
      throw runtime::HostError{ENOSYS, "use /dev/kvm: it lacks {}", need.name};
    }
  }
}

int System::capability(unsigned capability) const {
  return ::ioctl(kvm_.get(), KVM_CHECK_EXTENSION, capability);
}

std::uint32_t System::max_vcpus() const {
  return static_cast<std::uint32_t>(capability(KVM_CAP_MAX_VCPUS));
}

}  // namespace platform::kvm
