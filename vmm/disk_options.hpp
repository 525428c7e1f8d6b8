// The values of --disk, in, disks out; or BadUsage.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "vmm/config.hpp"

namespace vmm::option_values {

/// `file=PATH[,ro][,direct][,id=ID][,queues=N][,discard][,overlay][,transport=HOW]`, each. A disk
/// without an id is named after its place: disk0, disk1, ... `transport` is for those that have
/// none.
[[nodiscard]] std::vector<DiskConfig> disks(std::span<const std::string> texts,
                                            VirtioTransport transport = VirtioTransport::Mmio);

}  // namespace vmm::option_values
