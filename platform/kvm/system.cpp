#include "platform/kvm/system.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>

#include "platform/kvm/needs.hpp"
#include "runtime/error.hpp"

namespace platform::kvm {
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
  for (const Need need : needs()) {
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
