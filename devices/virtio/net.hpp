// virtio-net: Ethernet frames between a link and the guest, through one or more pairs of queues.
//
// Spec:    Virtio 1.2, 5.1 "Network Device".
// Threads: configuration on vCPU threads; the rest on the Loop's.
// Trust:   frames pass as the guest wrote them; whoever is behind the link checks them, and their
//          headers. What the guest orders through the control queue is checked here.
#pragma once

#include <atomic>
#include <optional>
#include <vector>

#include "devices/virtio/device.hpp"
#include "devices/virtio/net_layout.hpp"
#include "platform/mac_address.hpp"
#include "platform/network_link.hpp"
#include "runtime/guarded.hpp"
#include "runtime/scope.hpp"

namespace devices::virtio {

class Net final : public Device {
 public:
  struct Setup {
    /// One for each pair of queues; they outlive the device.
    std::vector<platform::NetworkLink*> links;
    platform::MacAddress mac = {};
    std::optional<std::uint16_t> mtu_bytes = {};  ///< The guest's largest packet, if it is told.
  };
  explicit Net(const Setup& setup);

  DeviceType type() const override { return DeviceType::Network; }
  Features features() const override;
  std::span<const std::uint16_t> queue_sizes() const override { return queue_sizes_; }
  void read_config(std::uint64_t offset, std::span<std::byte> data) const override;
  void listen(ConfigListener& listener) override { listener_ = &listener; }
  void activate(Features accepted) override;
  runtime::Task<> serve(Queue& queue) override;

 private:
  [[nodiscard]] std::uint16_t pairs() const { return static_cast<std::uint16_t>(links_.size()); }
  /// 5.1.2: behind all pairs of queues that the driver knows of.
  [[nodiscard]] std::uint16_t control_index() const;
  [[nodiscard]] std::size_t usual_frame_bytes() const;

  runtime::Task<> receive(Queue& queue, platform::NetworkLink& link);
  runtime::Task<> receive_until_stopped(Queue& queue, platform::NetworkLink& link,
                                        runtime::Scope& tasks);
  runtime::Task<> transmit(Queue& queue, platform::NetworkLink& link);
  runtime::Task<> send(platform::NetworkLink& link, const Chain& chain);
  runtime::Task<> control(Queue& queue);

  [[nodiscard]] NetControlAnswer carry_out(Reader& command);
  [[nodiscard]] NetControlAnswer set_receive_mode(std::uint8_t command, Reader& rest) const;
  [[nodiscard]] NetControlAnswer set_addresses(std::uint8_t command, Reader& rest);
  [[nodiscard]] NetControlAnswer set_pairs(std::uint8_t command, Reader& rest);
  [[nodiscard]] NetControlAnswer set_guest_offloads(std::uint8_t command, Reader& rest);

  /// The first so many pairs carry frames.
  void use_pairs(std::uint16_t used);
  void give(Features guest_offloads);
  /// Does something with the link; should that fail, the link is down for good.
  template <typename Use>
  void with_link(Use use);
  void lose_link(const std::exception& why);

  const std::vector<platform::NetworkLink*> links_;
  const bool has_mtu_;
  std::vector<std::uint16_t> queue_sizes_;
  runtime::Guarded<NetConfigSpace> config_;
  ConfigListener* listener_ = nullptr;
  Features accepted_;
  bool link_lost_ = false;
};

/// What frames may ask of their receiver, in a link's words. Nothing without checksums: without
/// them none of the others may be accepted (5.1.3.1).
[[nodiscard]] platform::NetworkOffloads guest_offloads(Features accepted);

}  // namespace devices::virtio
