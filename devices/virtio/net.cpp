#include "devices/virtio/net.hpp"

#include <algorithm>
#include <utility>

#include "devices/virtio/frame_receiver.hpp"
#include "runtime/error.hpp"
#include "runtime/log.hpp"

namespace devices::virtio {
namespace {

using namespace net_feature;
using platform::NetworkLink;
using platform::NetworkOffloads;
using runtime::HostError;
using runtime::Scope;
using runtime::Task;

constexpr std::uint16_t frame_queue_size = 256;
constexpr std::uint16_t control_queue_size = 64;

constexpr std::uint16_t usual_mtu_bytes = 1500;
constexpr std::size_t ethernet_bytes = 18;  // with a VLAN tag

std::vector<std::uint16_t> sizes_for(std::size_t pairs) {
  std::vector<std::uint16_t> sizes(2 * pairs, frame_queue_size);
  sizes.push_back(control_queue_size);
  return sizes;
}

/// What the guest may leave to the link, and the link to the guest.
Features offload_features(const NetworkOffloads& offloads) {
  Features features;
  features.assign({Csum, GuestCsum}, offloads.checksum);
  features.assign({HostTso4, GuestTso4}, offloads.checksum && offloads.tcp4);
  features.assign({HostTso6, GuestTso6}, offloads.checksum && offloads.tcp6);
  const bool tcp = features.has_any({HostTso4, HostTso6});
  features.assign({HostEcn, GuestEcn}, tcp && offloads.tcp_ecn);
  features.assign({HostUso, GuestUso4, GuestUso6}, offloads.checksum && offloads.udp_segments);
  return features;
}

/// A queue that is there only for drivers that know of all pairs.
Task<> ignore() {
  co_return;
}

Task<> stop_when_closed(Queue& queue, Scope& tasks) {
  co_await queue.until_closed();
  tasks.request_stop();
}

}  // namespace

NetworkOffloads guest_offloads(Features accepted) {
  if (!accepted.has(GuestCsum)) return {};
  return {.checksum = true,
          .tcp4 = accepted.has(GuestTso4),
          .tcp6 = accepted.has(GuestTso6),
          .tcp_ecn = accepted.has(GuestEcn),
          .udp_segments = accepted.has_all({GuestUso4, GuestUso6})};
}

Net::Net(const Setup& setup)
    : links_{setup.links},
      has_mtu_{setup.mtu_bytes.has_value()},
      queue_sizes_{sizes_for(links_.size())},
      config_{NetConfigSpace{.mac = setup.mac,
                             .status = link_up,
                             .max_virtqueue_pairs = static_cast<std::uint16_t>(links_.size()),
                             .mtu = setup.mtu_bytes.value_or(0)}} {}

Features Net::features() const {
  Features features{Mac, Status, MrgRxbuf, CtrlVq, CtrlRx, CtrlMacAddr, Feature::InOrder};
  features.assign(Mtu, has_mtu_);
  features.assign(Mq, pairs() > 1);
  const Features offloads = offload_features(links_.front()->offloads());
  features.assign(CtrlGuestOffloads, !offloads.empty());
  return features | offloads;
}

void Net::read_config(std::uint64_t offset, std::span<std::byte> data) const {
  read_config_of(config_.with([](const NetConfigSpace& now) { return now; }), offset, data);
}

void Net::activate(Features accepted) {
  accepted_ = accepted;
  use_pairs(1);
  give(accepted);
}

std::uint16_t Net::control_index() const {
  return accepted_.has(Mq) ? static_cast<std::uint16_t>(2 * pairs()) : 2;
}

std::size_t Net::usual_frame_bytes() const {
  if (accepted_.has_any({GuestTso4, GuestTso6, GuestUso4, GuestUso6})) {
    return platform::longest_frame_bytes;
  }
  const std::uint16_t mtu_bytes = config_.with([](const NetConfigSpace& now) { return now.mtu; });
  return platform::frame_header_bytes + ethernet_bytes + std::max(mtu_bytes, usual_mtu_bytes);
}

Task<> Net::serve(Queue& queue) {
  const std::uint16_t index = queue.index();
  if (index == control_index()) return control(queue);
  if (index >= 2 * pairs()) return ignore();
  NetworkLink& link = *links_[index / 2];
  return index % 2 == 0 ? receive(queue, link) : transmit(queue, link);
}

Task<> Net::receive(Queue& queue, NetworkLink& link) {
  const auto body = [&](Scope& tasks) {
    tasks.spawn(stop_when_closed(queue, tasks));
    tasks.spawn(receive_until_stopped(queue, link, tasks));
  };
  co_await runtime::with_scope(body);
}

Task<> Net::receive_until_stopped(Queue& queue, NetworkLink& link, Scope& tasks) {
  const ReceiveBuffers buffers =
      accepted_.has(MrgRxbuf) ? ReceiveBuffers::Mergeable : ReceiveBuffers::OneForAFrame;
  try {
    FrameReceiver receiver{queue, link, buffers, usual_frame_bytes()};
    if (!link_lost_) co_await receiver.run();
  } catch (const HostError& error) {
    lose_link(error);
  }
  tasks.request_stop();
}

Task<> Net::transmit(Queue& queue, NetworkLink& link) {
  for (;;) {
    const bool open = co_await queue.kicked();
    if (!open) co_return;
    while (auto chain = queue.pop()) {
      co_await send(link, *chain);
      queue.push(std::move(*chain), 0);
    }
  }
}

/// A frame for a link that is down is dropped, as on a wire.
Task<> Net::send(NetworkLink& link, const Chain& chain) {
  const bool has_header = chain.readable.size_bytes() >= platform::frame_header_bytes;
  try {
    while (has_header && !link_lost_ && !link.send(chain.readable.rest())) {
      co_await link.sendable();
    }
  } catch (const HostError& error) {
    lose_link(error);
  }
}

void Net::use_pairs(std::uint16_t used) {
  if (pairs() == 1) return;
  for (std::uint16_t i = 0; i < pairs(); ++i) {
    const auto use = i < used ? platform::LinkQueueUse::Used : platform::LinkQueueUse::Unused;
    with_link([&] { links_[i]->use(use); });
  }
}

void Net::give(Features guest_can) {
  with_link([&] { links_.front()->give(guest_offloads(guest_can)); });
}

template <typename Use>
void Net::with_link(Use use) {
  if (link_lost_) return;
  try {
    use();
  } catch (const HostError& error) {
    lose_link(error);
  }
}

void Net::lose_link(const std::exception& why) {
  if (std::exchange(link_lost_, true)) return;
  runtime::log::warning("virtio network: the link is down: {}", why.what());
  config_.with([](NetConfigSpace& now) { now.status = 0; });
  if (listener_ != nullptr) listener_->config_changed();
}

}  // namespace devices::virtio
