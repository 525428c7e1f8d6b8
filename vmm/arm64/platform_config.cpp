#include "vmm/arm64/platform_config.hpp"

#include <cerrno>

#include "runtime/error.hpp"
#include "vmm/arm64/address_map.hpp"

namespace vmm::arm64 {
namespace {

using platform::arm64::Features;
using platform::arm64::GicIts;
using platform::arm64::GicMsi;
using platform::arm64::GicV2;
using platform::arm64::GicV2m;
using platform::arm64::GicV3;
using platform::arm64::GicVersion;
using platform::arm64::PlatformConfig;

constexpr GicV2m v2m{.frame_base = address_map::gic_v2m,
                     .spi_base = address_map::first_v2m_interrupt,
                     .spi_count = address_map::v2m_interrupts};

GicVersion gic_version(const Features& host) {
  if (host.gic_v3) return GicV3{address_map::gic_redistributors};
  if (host.gic_v2) return GicV2{address_map::gic_redistributors};
  throw runtime::HostError{ENODEV, "give the machine a GIC: this host's KVM has neither v3 nor v2"};
}

GicMsi gic_msi(MsiChoice choice, const Features& host) {
  switch (choice) {
    case MsiChoice::Its:
      if (!host.gic_its)
        throw runtime::HostError{ENODEV, "give the machine an ITS: this host's KVM has none"};
      return GicIts{address_map::gic_its};
    case MsiChoice::V2m:
      return v2m;
    case MsiChoice::Automatic:
      break;
  }
  if (host.gic_its) return GicIts{address_map::gic_its};
  return v2m;
}

}  // namespace

PlatformConfig platform_config(const MachineConfig& config, const Features& host) {
  PlatformConfig platform;
  platform.gic_distributor_base = address_map::gic_distributor;
  platform.gic_version = gic_version(host);
  platform.gic_msi = gic_msi(config.gic_msi, host);
  platform.gic_nr_irqs = address_map::gic_interrupts;
  platform.virt_timer_ppi = address_map::virt_timer_interrupt;
  platform.vmbus_ppi = address_map::vmbus_interrupt;
  if (config.pmu && host.pmu) platform.pmu_gsiv = address_map::pmu_interrupt;
  platform::arm64::validate(platform, config.processors);
  return platform;
}

}  // namespace vmm::arm64
