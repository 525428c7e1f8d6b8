#include "platform/kvm/arm64/gic.hpp"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <initializer_list>

#include "platform/kvm/arm64/attribute.hpp"
#include "runtime/error.hpp"

namespace platform::kvm::arm64 {
namespace {

using platform::arm64::GicIts;
using platform::arm64::GicV2;
using platform::arm64::GicV3;
using platform::arm64::PlatformConfig;

bool can_create(int vm, kvm_device_type type) {
  kvm_create_device request{};
  request.type = type;
  request.flags = KVM_CREATE_DEVICE_TEST;
  return ::ioctl(vm, KVM_CREATE_DEVICE, &request) == 0;
}

runtime::UniqueFd create(int vm, kvm_device_type type, const char* what) {
  kvm_create_device request{};
  request.type = type;
  runtime::check(::ioctl(vm, KVM_CREATE_DEVICE, &request), "{}", what);
  return runtime::UniqueFd{static_cast<int>(request.fd)};
}

void place(int device, std::uint64_t which, GuestAddress at, const char* what) {
  set_attribute(device, KVM_DEV_ARM_VGIC_GRP_ADDR, which, at.value, what);
}

void start(int device, const char* what) {
  set_attribute(device, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, what);
}

/// Where KVM is to put the parts of a controller, by the names it has for them.
struct Place {
  std::uint64_t part;
  GuestAddress at;
};

runtime::UniqueFd create_controller(int vm, kvm_device_type type, std::uint32_t interrupts,
                                    std::initializer_list<Place> places) {
  auto device = create(vm, type, "create a GIC");
  set_attribute(device.get(), KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, interrupts,
                "set the GIC's number of interrupts");
  for (const Place& part : places) place(device.get(), part.part, part.at, "place the GIC");
  start(device.get(), "start the GIC");
  return device;
}

runtime::UniqueFd create_v3(int vm, const GicV3& gic, const PlatformConfig& config) {
  return create_controller(vm, KVM_DEV_TYPE_ARM_VGIC_V3, config.gic_nr_irqs,
                           {{KVM_VGIC_V3_ADDR_TYPE_DIST, config.gic_distributor_base},
                            {KVM_VGIC_V3_ADDR_TYPE_REDIST, gic.gic_redistributors_base}});
}

runtime::UniqueFd create_v2(int vm, const GicV2& gic, const PlatformConfig& config) {
  return create_controller(vm, KVM_DEV_TYPE_ARM_VGIC_V2, config.gic_nr_irqs,
                           {{KVM_VGIC_V2_ADDR_TYPE_DIST, config.gic_distributor_base},
                            {KVM_VGIC_V2_ADDR_TYPE_CPU, gic.cpu_interface_base}});
}

runtime::UniqueFd create_its(int vm, const GicIts& its) {
  auto device = create(vm, KVM_DEV_TYPE_ARM_VGIC_ITS, "create an ITS");
  place(device.get(), KVM_VGIC_ITS_ADDR_TYPE, its.its_base, "place the ITS");
  start(device.get(), "start the ITS");
  return device;
}

}  // namespace

GicSupport gic_support(int vm) {
  const bool v3 = can_create(vm, KVM_DEV_TYPE_ARM_VGIC_V3);
  return {.v2 = can_create(vm, KVM_DEV_TYPE_ARM_VGIC_V2),
          .v3 = v3,
          .its = v3 && can_create(vm, KVM_DEV_TYPE_ARM_VGIC_ITS)};
}

std::vector<runtime::UniqueFd> create_gic(int vm, const PlatformConfig& config) {
  std::vector<runtime::UniqueFd> devices;
  if (const auto* v3 = std::get_if<GicV3>(&config.gic_version)) {
    devices.push_back(create_v3(vm, *v3, config));
  } else {
    devices.push_back(create_v2(vm, std::get<GicV2>(config.gic_version), config));
  }
  if (const auto* its = std::get_if<GicIts>(&config.gic_msi)) {
    devices.push_back(create_its(vm, *its));
  }
  return devices;
}

}  // namespace platform::kvm::arm64
