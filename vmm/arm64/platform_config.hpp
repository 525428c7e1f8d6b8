// What a machine's interrupt controller, tables and tree agree on, chosen from what the host offers
// and the operator asked for.
#pragma once

#include "platform/arm64/vm.hpp"
#include "vmm/config.hpp"

namespace vmm::arm64 {

/// What a host offers that can do everything: for machines that are only described.
inline constexpr platform::arm64::Features any_host{
    .gic_v2 = true, .gic_v3 = true, .gic_its = true, .pmu = true};

/// Throws runtime::HostError when the host lacks what was asked for, or any GIC;
/// platform::arm64::InvalidConfig for more processors than its GIC has.
[[nodiscard]] platform::arm64::PlatformConfig platform_config(
    const MachineConfig& config, const platform::arm64::Features& host);

}  // namespace vmm::arm64
