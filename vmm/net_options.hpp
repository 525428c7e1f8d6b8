// The values of --net, in, network devices out; or BadUsage.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "vmm/config.hpp"

namespace vmm::option_values {

/// `tap=NAME|fd=N|user[,mac=..][,hostfwd=..]...[,queues=N][,mtu=N]`, each.
[[nodiscard]] std::vector<NetConfig> networks(std::span<const std::string> texts);

}  // namespace vmm::option_values
