// One queue of a network device with one link or several, and a driver at its other side.
#pragma once

#include <memory>

#include "devices/virtio/net.hpp"
#include "tests/devices/virtio/queue_bench.hpp"
#include "tests/support/fake_link.hpp"

struct NetBench : private devices::virtio::ConfigListener {
  using Features = devices::virtio::Features;
  static constexpr platform::MacAddress mac{0x02, 1, 2, 3, 4, 5};

  explicit NetBench(Features agreed, std::uint16_t index = 0, std::size_t pairs = 1,
                    std::optional<std::uint16_t> mtu_bytes = {})
      : queue{agreed | devices::virtio::Feature::Version1, index} {
    for (std::size_t i = 0; i < pairs; ++i) {
      links.push_back(std::make_unique<FakeLink>(queue.loop.executor()));
      links.back()->can = {.checksum = true, .tcp4 = true, .tcp6 = true, .tcp_ecn = true};
    }
    device = std::make_unique<devices::virtio::Net>(setup(mtu_bytes));
    device->listen(*this);
    device->activate(agreed);
  }

  void run(runtime::Task<> script) { queue.run(*device, std::move(script)); }
  [[nodiscard]] devices::virtio::NetConfigSpace config() const {
    devices::virtio::NetConfigSpace seen;
    device->read_config(0, std::as_writable_bytes(std::span{&seen, 1}));
    return seen;
  }

  QueueBench queue;
  std::vector<std::unique_ptr<FakeLink>> links;
  FakeLink& link() { return *links.front(); }
  std::unique_ptr<devices::virtio::Net> device;
  int config_changes = 0;

 private:
  devices::virtio::Net::Setup setup(std::optional<std::uint16_t> mtu_bytes) const {
    std::vector<platform::NetworkLink*> all;
    for (const auto& link : links) all.push_back(link.get());
    return {.links = all, .mac = mac, .mtu_bytes = mtu_bytes};
  }
  void config_changed() noexcept override { ++config_changes; }
};

/// A frame with its header: bytes that tell where they belong.
inline FakeLink::Frame frame_of(std::size_t size_bytes, std::uint8_t seed = 0) {
  FakeLink::Frame frame(size_bytes);
  for (std::size_t i = 0; i < size_bytes; ++i) {
    frame[i] = static_cast<std::byte>(i * 7 + i / 251 + seed);
  }
  return frame;
}
