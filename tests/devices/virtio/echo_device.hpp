// A virtio device with nothing to it: what comes in goes back.
#pragma once

#include <array>
#include <optional>

#include <atomic>
#include <vector>

#include "devices/virtio/device.hpp"
#include "runtime/finally.hpp"

/// Answers each chain with the bytes it read. A chain that begins with "keep" stays in flight until
/// the device is stopped.
class EchoDevice final : public devices::virtio::Device {
 public:
  static constexpr auto own_feature = static_cast<devices::virtio::Feature>(1 << 5);

  /// Of queues behind the first, each has 8 places.
  explicit EchoDevice(std::size_t queues = 2) : sizes_(queues, 8) { sizes_[0] = 16; }

  devices::virtio::DeviceType type() const override { return devices::virtio::DeviceType::Console; }
  devices::virtio::Features features() const override { return own_feature; }
  std::span<const std::uint16_t> queue_sizes() const override { return sizes_; }
  void read_config(std::uint64_t offset, std::span<std::byte> data) const override {
    devices::virtio::read_config_of(config, offset, data);
  }
  void write_config(std::uint64_t offset, std::span<const std::byte> data) override {
    if (offset == 4 && data.size() == 4) std::memcpy(&config[1], data.data(), 4);
  }
  bool answers_in_place(std::uint16_t) const override { return in_place; }
  void notified(std::uint16_t queue) override { notified_queues.push_back(queue); }
  void listen(devices::virtio::ConfigListener& to) override { listener = &to; }
  void activate(devices::virtio::Features accepted_features) override {
    accepted = accepted_features;
    ++activations;
  }

  runtime::Task<> serve(devices::virtio::Queue& queue) override {
    ++serving;
    const runtime::Finally gone{[this] { --serving; }};
    for (;;) {
      const bool open = co_await queue.kicked();
      if (!open) co_return;
      while (auto chain = queue.pop()) answer(queue, std::move(*chain));
    }
  }

  std::array<std::uint32_t, 2> config{0x11223344, 0};
  devices::virtio::ConfigListener* listener = nullptr;
  std::optional<devices::virtio::Features> accepted;
  int activations = 0;
  std::atomic<int> serving = 0;
  std::vector<devices::virtio::Chain> kept;
  bool in_place = false;  // then all it does is remember notifications
  std::vector<std::uint16_t> notified_queues;

 private:
  void answer(devices::virtio::Queue& queue, devices::virtio::Chain chain) {
    std::vector<std::byte> bytes(chain.readable.size_bytes());
    (void)chain.readable.read_some(bytes);
    if (bytes.size() >= 4 && std::memcmp(bytes.data(), "keep", 4) == 0) {
      kept.push_back(std::move(chain));
      return;
    }
    const auto written = chain.writable.write_some(bytes);
    queue.push(std::move(chain), static_cast<std::uint32_t>(written));
  }

  std::vector<std::uint16_t> sizes_;
};
