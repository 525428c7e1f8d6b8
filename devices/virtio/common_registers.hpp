// What every transport's registers mean, wherever it puts them: the negotiation of features, the
// device status, the places of the queues. Pure state: it starts and stops nothing by itself.
//
// Spec:  Virtio 1.2, 2.1 "Device Status Field", 2.2 "Feature Bits", 2.6.1 "Virtqueue Reset", 3.1
//        "Device Initialization".
// Trust: every value written comes from the guest, in any order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "devices/virtio/features.hpp"
#include "devices/virtio/ring_memory.hpp"
#include "runtime/flags.hpp"

namespace devices::virtio {

enum class DeviceStatus : std::uint8_t {
  Acknowledge = 1 << 0,
  Driver = 1 << 1,
  DriverOk = 1 << 2,
  FeaturesOk = 1 << 3,
  NeedsReset = 1 << 6,
  Failed = 1 << 7,
};

/// A queue as the driver has set it up.
struct QueueRegisters {
  std::uint16_t size_max = 0;
  RingPlaces places;
  bool enabled = false;
  bool reset_requested = false;  ///< Until whoever serves it has let go of it.
};

/// Which 32-bit half of a 64-bit value.
enum class Half : std::uint8_t { Low, High };

class CommonRegisters {
 public:
  CommonRegisters(Features offered, std::span<const std::uint16_t> queue_sizes);

  void select_device_features(std::uint32_t half) { device_features_half_ = half; }
  [[nodiscard]] std::uint32_t device_features_half() const { return device_features_half_; }
  [[nodiscard]] std::uint32_t device_features() const;
  void select_driver_features(std::uint32_t half) { driver_features_half_ = half; }
  [[nodiscard]] std::uint32_t driver_features_half() const { return driver_features_half_; }
  [[nodiscard]] std::uint32_t driver_features() const;
  /// No effect once both sides have agreed (FEATURES_OK).
  void write_driver_features(std::uint32_t bits);
  [[nodiscard]] Features accepted() const { return accepted_; }

  [[nodiscard]] std::uint8_t status() const { return status_.raw(); }
  [[nodiscard]] bool driver_ok() const { return status_.has(DeviceStatus::DriverOk); }
  /// Writing 0 only asks for a reset; reset() carries it out.
  void write_status(std::uint8_t bits);
  [[nodiscard]] bool reset_requested() const { return reset_requested_; }
  void reset();
  /// The driver did what it must not do.
  void need_reset() { status_.set(DeviceStatus::NeedsReset); }

  void select_queue(std::uint16_t index) { selected_queue_ = index; }
  [[nodiscard]] std::uint16_t selected_queue() const { return selected_queue_; }
  /// The selected queue; one that does not exist has a largest size of 0.
  [[nodiscard]] const QueueRegisters& queue() const;
  // Of the selected queue; no effect while it is enabled.
  void write_queue_size(std::uint16_t size);
  void write_queue_descriptors(Half half, std::uint32_t bits);
  void write_queue_driver_area(Half half, std::uint32_t bits);
  void write_queue_device_area(Half half, std::uint32_t bits);
  void enable_queue();
  /// Only asks for it; reset_queue() carries it out.
  void request_queue_reset();

  [[nodiscard]] std::span<const QueueRegisters> queues() const { return queues_; }
  void reset_queue(std::uint16_t index);

 private:
  using Place = platform::GuestAddress RingPlaces::*;
  [[nodiscard]] QueueRegisters* changeable_queue();
  void write_place(Place place, Half half, std::uint32_t bits);

  Features offered_;
  Features accepted_;
  std::uint32_t device_features_half_ = 0;
  std::uint32_t driver_features_half_ = 0;
  runtime::Flags<DeviceStatus> status_;
  bool reset_requested_ = false;
  std::uint16_t selected_queue_ = 0;
  std::vector<QueueRegisters> queues_;
};

}  // namespace devices::virtio
