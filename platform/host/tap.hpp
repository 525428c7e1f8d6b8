// A tap: a network interface of the host whose other end is the guest.
//
// Spec:    Documentation/networking/tuntap.rst of Linux; <linux/if_tun.h>.
// Threads: all calls on the Loop's thread.
// Trust:   frames and their headers are the guest's; the kernel checks them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "platform/network_link.hpp"
#include "runtime/datagrams.hpp"
#include "runtime/local_event.hpp"
#include "runtime/unique_fd.hpp"

namespace platform::host {

/// One queue of a tap.
class TapQueue final : public NetworkLink {
 public:
  TapQueue(runtime::Executor executor, runtime::UniqueFd descriptor, std::string name,
           const NetworkOffloads& offloads);

  [[nodiscard]] NetworkOffloads offloads() const override { return offloads_; }
  void give(const NetworkOffloads& guest_can) override;
  void use(LinkQueueUse use) override;
  [[nodiscard]] std::optional<std::size_t> receive(
      std::span<const std::span<std::byte>> into) override;
  [[nodiscard]] bool send(std::span<const std::span<const std::byte>> frame) override;
  runtime::Task<> receivable() override;
  runtime::Task<> sendable() override { return datagrams_.sendable(); }

 private:
  runtime::Datagrams datagrams_;
  NetworkOffloads offloads_;
  LinkQueueUse use_ = LinkQueueUse::Used;
  runtime::LocalEvent used_again_;
};

/// A tap's queues, and the name the host knows it by.
struct Tap {
  std::string name;
  std::vector<std::unique_ptr<NetworkLink>> queues;
};

/// Attaches to a tap that exists and that nobody else is attached to. Its owner, or a process with
/// CAP_NET_ADMIN, may. With more than one queue it must have been made for that (`ip tuntap add
/// NAME mode tap multi_queue`). Throws HostError.
[[nodiscard]] Tap open_tap(runtime::Executor executor, const std::string& name,
                           std::uint16_t queues);

/// A queue of a tap or macvtap that whoever started us has opened, with IFF_NO_PI and IFF_VNET_HDR:
/// ours from now on. Throws HostError.
[[nodiscard]] Tap inherited_tap(runtime::Executor executor, int descriptor);

}  // namespace platform::host
