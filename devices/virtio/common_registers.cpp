#include "devices/virtio/common_registers.hpp"

namespace devices::virtio {
namespace {

using Status = runtime::Flags<DeviceStatus>;

constexpr Status driver_bits{DeviceStatus::Acknowledge, DeviceStatus::Driver,
                             DeviceStatus::DriverOk, DeviceStatus::FeaturesOk,
                             DeviceStatus::Failed};
constexpr std::uint64_t low_half = 0xFFFF'FFFF;

/// Halves beyond the second do not exist; they read as zero.
std::uint32_t half_of(Features features, std::uint32_t half) {
  return half < 2 ? static_cast<std::uint32_t>(features.raw() >> (32 * half)) : 0;
}

std::uint64_t with_half(std::uint64_t value, Half half, std::uint32_t bits) {
  if (half == Half::Low) return (value & ~low_half) | bits;
  return (value & low_half) | (std::uint64_t{bits} << 32);
}

}  // namespace

CommonRegisters::CommonRegisters(Features offered, std::span<const std::uint16_t> queue_sizes)
    : offered_{offered} {
  for (const std::uint16_t size : queue_sizes) {
    queues_.push_back({.size_max = size, .places = {.size = size}});
  }
}

std::uint32_t CommonRegisters::device_features() const {
  return half_of(offered_, device_features_half_);
}

std::uint32_t CommonRegisters::driver_features() const {
  return half_of(accepted_, driver_features_half_);
}

void CommonRegisters::write_driver_features(std::uint32_t bits) {
  if (status_.has(DeviceStatus::FeaturesOk) || driver_features_half_ >= 2) return;
  const Half half = driver_features_half_ == 0 ? Half::Low : Half::High;
  accepted_ = Features::from_raw(with_half(accepted_.raw(), half, bits));
}

void CommonRegisters::write_status(std::uint8_t bits) {
  if (bits == 0) reset_requested_ = true;
  if (reset_requested_) return;
  Status added = (Status::from_raw(bits) & driver_bits) - status_;
  // 2.2.2, 6.1: what was not offered cannot be accepted, and without VERSION_1 we do not work.
  const bool agreed = (accepted_ - offered_).empty() && accepted_.has(Feature::Version1);
  if (!agreed) added.clear(DeviceStatus::FeaturesOk);
  status_.set(added - Status{DeviceStatus::DriverOk});
  if (status_.has(DeviceStatus::FeaturesOk)) status_.set(added & Status{DeviceStatus::DriverOk});
}

void CommonRegisters::reset() {
  reset_requested_ = false;
  status_ = {};
  accepted_ = {};
  device_features_half_ = driver_features_half_ = 0;
  selected_queue_ = 0;
  for (std::uint16_t i = 0; i < queues_.size(); ++i) reset_queue(i);
}

const QueueRegisters& CommonRegisters::queue() const {
  static constexpr QueueRegisters missing{};
  return selected_queue_ < queues_.size() ? queues_[selected_queue_] : missing;
}

QueueRegisters* CommonRegisters::changeable_queue() {
  if (selected_queue_ >= queues_.size() || queues_[selected_queue_].enabled) return nullptr;
  return &queues_[selected_queue_];
}

void CommonRegisters::write_queue_size(std::uint16_t size) {
  QueueRegisters* const queue = changeable_queue();
  if (queue != nullptr && size != 0 && size <= queue->size_max) queue->places.size = size;
}

void CommonRegisters::write_place(Place place, Half half, std::uint32_t bits) {
  QueueRegisters* const queue = changeable_queue();
  if (queue == nullptr) return;
  platform::GuestAddress& address = queue->places.*place;
  address = {with_half(address.value, half, bits)};
}

void CommonRegisters::write_queue_descriptors(Half half, std::uint32_t bits) {
  write_place(&RingPlaces::descriptors, half, bits);
}
void CommonRegisters::write_queue_driver_area(Half half, std::uint32_t bits) {
  write_place(&RingPlaces::driver_area, half, bits);
}
void CommonRegisters::write_queue_device_area(Half half, std::uint32_t bits) {
  write_place(&RingPlaces::device_area, half, bits);
}

void CommonRegisters::enable_queue() {
  QueueRegisters* const queue = changeable_queue();
  if (queue != nullptr && status_.has(DeviceStatus::FeaturesOk)) queue->enabled = true;
}

void CommonRegisters::request_queue_reset() {
  if (selected_queue_ < queues_.size() && queues_[selected_queue_].enabled) {
    queues_[selected_queue_].reset_requested = true;
  }
}

void CommonRegisters::reset_queue(std::uint16_t index) {
  const std::uint16_t size_max = queues_[index].size_max;
  queues_[index] = {.size_max = size_max, .places = {.size = size_max}};
}

}  // namespace devices::virtio
