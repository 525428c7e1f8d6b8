#include "vmm/network_links.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "platform/host/tap.hpp"
#include "runtime/error.hpp"
#include "runtime/unique_fd.hpp"
#include "vmm/boot_files.hpp"

namespace vmm {
namespace {

using devices::virtio::Net;
using platform::host::Tap;
using platform::host::UserNetwork;

constexpr std::uint16_t usual_mtu_bytes = 1500;

/// What tells this host, and this network namespace, from others: taps of one name are many.
std::string host_identity() {
  std::array<char, 64> machine_id;
  const runtime::UniqueFd file{::open("/etc/machine-id", O_RDONLY | O_CLOEXEC)};
  const ssize_t size = file ? ::read(file.get(), machine_id.data(), machine_id.size()) : 0;
  struct stat status {};
  (void)::stat("/proc/self/ns/net", &status);
  return fmt::format(
      "{}{}", std::string_view{machine_id.data(), size > 0 ? static_cast<std::size_t>(size) : 0},
      status.st_ino);
}

Tap open_tap(const NetConfig& config, runtime::Executor executor) {
  return config.kind == NetConfig::Kind::Tap
             ? platform::host::open_tap(executor, config.tap_name, config.queues)
             : platform::host::inherited_tap(executor, config.descriptor);
}

}  // namespace

NetworkLinks::NetworkLinks(std::span<const NetConfig> configs, runtime::Executor executor) {
  for (const NetConfig& config : configs) {
    try {
      setups_.push_back(open(config, executor));
    } catch (const runtime::HostError& error) {
      throw BadInput{fmt::format("--net: {}", error.what())};
    }
  }
}

Net::Setup NetworkLinks::open(const NetConfig& config, runtime::Executor executor) {
  Net::Setup setup{.links = {}, .mac = {}, .mtu_bytes = config.mtu_bytes};
  std::string name = fmt::format("user network {}", setups_.size());
  if (config.kind == NetConfig::Kind::User) {
    auto network = std::make_unique<UserNetwork>(
        executor, UserNetwork::Setup{.forwards = config.forwards,
                                     .mtu_bytes = config.mtu_bytes.value_or(usual_mtu_bytes)});
    starting_.push_back(network.get());
    setup.links.push_back(network.get());
    links_.push_back(std::move(network));
  } else {
    Tap tap = open_tap(config, executor);
    name = tap.name;
    for (auto& queue : tap.queues) {
      setup.links.push_back(queue.get());
      links_.push_back(std::move(queue));
    }
  }
  setup.mac = config.mac ? *config.mac : platform::default_mac_address(host_identity(), name);
  return setup;
}

void NetworkLinks::wait_until_ready() {
  try {
    for (UserNetwork* const network : std::exchange(starting_, {})) network->wait_until_ready();
  } catch (const std::exception& error) {
    throw BadInput{fmt::format("--net: {}", error.what())};
  }
}

}  // namespace vmm
