// What a machine's network devices are plugged into, opened once and used for every restart.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "devices/virtio/net.hpp"
#include "platform/host/user_network.hpp"
#include "platform/network_link.hpp"
#include "runtime/task.hpp"
#include "vmm/config.hpp"

namespace vmm {

class NetworkLinks {
 public:
  /// Throws BadInput that names the tap.
  NetworkLinks(std::span<const NetConfig> configs, runtime::Executor executor);

  /// In the order of the configuration.
  [[nodiscard]] std::span<const devices::virtio::Net::Setup> setups() const { return setups_; }

  /// Returns once all of them work: what takes time began with the constructor, so do something
  /// else in between. Throws BadInput.
  void wait_until_ready();

 private:
  [[nodiscard]] devices::virtio::Net::Setup open(const NetConfig& config,
                                                 runtime::Executor executor);

  std::vector<std::unique_ptr<platform::NetworkLink>> links_;
  std::vector<platform::host::UserNetwork*> starting_;
  std::vector<devices::virtio::Net::Setup> setups_;
};

}  // namespace vmm
