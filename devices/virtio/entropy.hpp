// virtio-rng: the host's random numbers for the guest.
//
// Spec:    Virtio 1.2, 5.4 "Entropy Device".
// Threads: the Loop's.
#pragma once

#include <array>

#include "devices/virtio/device.hpp"

namespace devices::virtio {

class Entropy final : public Device {
 public:
  DeviceType type() const override { return DeviceType::Entropy; }
  Features features() const override { return Feature::InOrder; }
  std::span<const std::uint16_t> queue_sizes() const override { return sizes_; }
  void read_config(std::uint64_t offset, std::span<std::byte> data) const override;
  runtime::Task<> serve(Queue& queue) override;

 private:
  static constexpr std::array<std::uint16_t, 1> sizes_{64};
};

}  // namespace devices::virtio
