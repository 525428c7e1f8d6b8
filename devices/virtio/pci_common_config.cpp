#include "devices/virtio/pci_common_config.hpp"

namespace devices::virtio {
namespace {

/// Offsets in struct virtio_pci_common_cfg.
enum Field : std::uint64_t {
  DeviceFeatureSelect = 0x00,
  DeviceFeature = 0x04,
  DriverFeatureSelect = 0x08,
  DriverFeature = 0x0C,
  ConfigMsixVector = 0x10,
  NumQueues = 0x12,
  Status = 0x14,
  ConfigGeneration = 0x15,
  QueueSelect = 0x16,
  QueueSize = 0x18,
  QueueMsixVector = 0x1A,
  QueueEnable = 0x1C,
  QueueNotifyOff = 0x1E,
  QueueDescLow = 0x20,
  QueueDescHigh = 0x24,
  QueueDriverLow = 0x28,
  QueueDriverHigh = 0x2C,
  QueueDeviceLow = 0x30,
  QueueDeviceHigh = 0x34,
  QueueNotifyData = 0x38,
  QueueReset = 0x3A,
};

std::uint32_t low(platform::GuestAddress address) {
  return static_cast<std::uint32_t>(address.value);
}
std::uint32_t high(platform::GuestAddress address) {
  return static_cast<std::uint32_t>(address.value >> 32);
}

}  // namespace

PciCommonConfig::PciCommonConfig(TransportCore& core, std::uint16_t vectors)
    : core_{core}, vectors_{vectors} {
  for (std::uint16_t i = 0; i < core.queue_count(); ++i) queue_vectors_.emplace_back(no_vector);
}

std::uint32_t PciCommonConfig::read(std::uint64_t offset) const {
  switch (offset) {
    case ConfigMsixVector:
      return config_vector_;
    case NumQueues:
      return core_.queue_count();
    case ConfigGeneration:
      return core_.config_generation();
    case QueueMsixVector:
      return selected_vector();
    default:
      break;
  }
  if (offset > QueueSelect) return read_queue(offset);
  return core_.look([offset](const CommonRegisters& registers) -> std::uint32_t {
    switch (offset) {
      case DeviceFeatureSelect:
        return registers.device_features_half();
      case DeviceFeature:
        return registers.device_features();
      case DriverFeatureSelect:
        return registers.driver_features_half();
      case DriverFeature:
        return registers.driver_features();
      case Status:
        return registers.status();
      case QueueSelect:
        return registers.selected_queue();
      default:
        return 0;
    }
  });
}

std::uint32_t PciCommonConfig::read_queue(std::uint64_t offset) const {
  return core_.look([offset](const CommonRegisters& registers) -> std::uint32_t {
    const QueueRegisters& queue = registers.queue();
    switch (offset) {
      case QueueSize:
        return queue.places.size;
      case QueueEnable:
        return queue.enabled ? 1 : 0;
      case QueueNotifyOff:
      case QueueNotifyData:
        return registers.selected_queue();
      case QueueDescLow:
        return low(queue.places.descriptors);
      case QueueDescHigh:
        return high(queue.places.descriptors);
      case QueueDriverLow:
        return low(queue.places.driver_area);
      case QueueDriverHigh:
        return high(queue.places.driver_area);
      case QueueDeviceLow:
        return low(queue.places.device_area);
      case QueueDeviceHigh:
        return high(queue.places.device_area);
      case QueueReset:
        return queue.reset_requested ? 1 : 0;
      default:
        return 0;
    }
  });
}

void PciCommonConfig::write(std::uint64_t offset, std::uint32_t value) {
  switch (offset) {
    case ConfigMsixVector:
      config_vector_ = known_vector(value);
      return;
    case QueueMsixVector:
      return write_selected_vector(known_vector(value));
    case Status:
      return write_status(static_cast<std::uint8_t>(value));
    case QueueReset:
      if (value != 1) return;
      core_.update([](CommonRegisters& registers) { registers.request_queue_reset(); });
      return write_selected_vector(no_vector);
    default:
      break;
  }
  if (offset > QueueSelect) return write_queue(offset, value);
  core_.update([offset, value](CommonRegisters& registers) {
    switch (offset) {
      case DeviceFeatureSelect:
        return registers.select_device_features(value);
      case DriverFeatureSelect:
        return registers.select_driver_features(value);
      case DriverFeature:
        return registers.write_driver_features(value);
      case QueueSelect:
        return registers.select_queue(static_cast<std::uint16_t>(value));
      default:
        return;
    }
  });
}

void PciCommonConfig::write_queue(std::uint64_t offset, std::uint32_t value) {
  core_.update([offset, value](CommonRegisters& registers) {
    switch (offset) {
      case QueueSize:
        return registers.write_queue_size(static_cast<std::uint16_t>(value));
      case QueueEnable:
        if (value == 1) registers.enable_queue();  // 4.1.4.3.2: a driver writes nothing else
        return;
      case QueueDescLow:
        return registers.write_queue_descriptors(Half::Low, value);
      case QueueDescHigh:
        return registers.write_queue_descriptors(Half::High, value);
      case QueueDriverLow:
        return registers.write_queue_driver_area(Half::Low, value);
      case QueueDriverHigh:
        return registers.write_queue_driver_area(Half::High, value);
      case QueueDeviceLow:
        return registers.write_queue_device_area(Half::Low, value);
      case QueueDeviceHigh:
        return registers.write_queue_device_area(Half::High, value);
      default:
        return;
    }
  });
}

void PciCommonConfig::write_status(std::uint8_t status) {
  core_.update([status](CommonRegisters& registers) { registers.write_status(status); });
  if (status != 0) return;
  config_vector_ = no_vector;
  for (auto& vector : queue_vectors_) vector = no_vector;
}

std::uint16_t PciCommonConfig::selected_vector() const {
  const auto queue = core_.look([](const CommonRegisters& seen) { return seen.selected_queue(); });
  return queue < queue_vectors_.size() ? queue_vectors_[queue].load() : no_vector;
}

void PciCommonConfig::write_selected_vector(std::uint16_t vector) {
  const auto queue = core_.look([](const CommonRegisters& seen) { return seen.selected_queue(); });
  if (queue < queue_vectors_.size()) queue_vectors_[queue] = vector;
}

// 4.1.5.1.2.1: what cannot be mapped reads back as no vector.
std::uint16_t PciCommonConfig::known_vector(std::uint32_t wanted) const {
  return wanted < vectors_ ? static_cast<std::uint16_t>(wanted) : no_vector;
}

}  // namespace devices::virtio
