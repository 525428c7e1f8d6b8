// The values of --net, in, network devices out; or BadUsage.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "vmm/config.hpp"

namespace vmm::option_values {

/// `tap=NAME|fd=N|user[,mac=..][,hostfwd=..]...[,queues=N][,mtu=N][,transport=HOW]`, each.
/// `transport` is for those that have none.
[[nodiscard]] std::vector<NetConfig> networks(std::span<const std::string> texts,
                                              VirtioTransport transport = VirtioTransport::Mmio);

}  // namespace vmm::option_values
