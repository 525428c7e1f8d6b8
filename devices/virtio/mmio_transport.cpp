#include "devices/virtio/mmio_transport.hpp"

#include <utility>

#include "devices/register_access.hpp"

namespace devices::virtio {
namespace {

/// Offsets of table 4.1.
enum Register : std::uint64_t {
  MagicValue = 0x000,
  Version = 0x004,
  DeviceId = 0x008,
  VendorId = 0x00C,
  DeviceFeatures = 0x010,
  DeviceFeaturesSel = 0x014,
  DriverFeatures = 0x020,
  DriverFeaturesSel = 0x024,
  QueueSel = 0x030,
  QueueSizeMax = 0x034,
  QueueSize = 0x038,
  QueueReady = 0x044,
  QueueNotify = MmioTransport::queue_notify_offset,
  InterruptStatus = 0x060,
  InterruptAck = 0x064,
  Status = 0x070,
  QueueDescLow = 0x080,
  QueueDescHigh = 0x084,
  QueueDriverLow = 0x090,
  QueueDriverHigh = 0x094,
  QueueDeviceLow = 0x0A0,
  QueueDeviceHigh = 0x0A4,
  ShmLenLow = 0x0B0,
  ShmLenHigh = 0x0B4,
  ShmBaseLow = 0x0B8,
  ShmBaseHigh = 0x0BC,
  QueueReset = 0x0C0,
  ConfigGeneration = 0x0FC,
  Config = 0x100,
};

constexpr std::uint32_t magic = 0x7472'6976;  // "virt"
constexpr std::uint32_t version = 2;
constexpr std::uint32_t vendor = 0x4D46'4C59;  // "MFLY": any number will do
constexpr std::uint32_t used_buffer = 1 << 0;
constexpr std::uint32_t configuration_change = 1 << 1;
constexpr std::uint32_t no_such_memory = 0xFFFF'FFFF;

}  // namespace

MmioTransport::MmioTransport(runtime::Executor executor, const platform::GuestMemory& memory,
                             Device& device, platform::InterruptEdge edge)
    : edge_{std::move(edge)},
      core_{{.executor = executor, .memory = memory, .device = device, .interrupts = *this}} {}

void MmioTransport::read(std::uint64_t offset, std::span<std::byte> data) {
  if (offset >= Config) {
    core_.read_config(offset - Config, data);
    return;
  }
  read_registers<std::uint32_t>(offset, data,
                                [this](std::uint64_t at) { return read_register(at); });
}

void MmioTransport::write(std::uint64_t offset, std::span<const std::byte> data) {
  if (offset >= Config) {
    core_.write_config(offset - Config, data);
    return;
  }
  write_registers<std::uint32_t>(
      offset, data, [this](std::uint64_t at, std::uint32_t value) { write_register(at, value); });
}

std::uint32_t MmioTransport::read_register(std::uint64_t offset) const {
  switch (offset) {
    case MagicValue:
      return magic;
    case Version:
      return version;
    case DeviceId:
      return static_cast<std::uint32_t>(core_.device().type());
    case VendorId:
      return vendor;
    case InterruptStatus:
      return interrupt_status_;
    case ConfigGeneration:
      return core_.config_generation();
    case ShmLenLow:
    case ShmLenHigh:
    case ShmBaseLow:
    case ShmBaseHigh:
      return no_such_memory;
    default:
      break;
  }
  return core_.look([offset](const CommonRegisters& registers) -> std::uint32_t {
    switch (offset) {
      case DeviceFeatures:
        return registers.device_features();
      case QueueSizeMax:
        return registers.queue().size_max;
      case QueueReady:
        return registers.queue().enabled ? 1 : 0;
      case QueueReset:
        return registers.queue().reset_requested ? 1 : 0;
      case Status:
        return registers.status();
      default:
        return 0;
    }
  });
}

void MmioTransport::write_register(std::uint64_t offset, std::uint32_t value) {
  if (offset == QueueNotify) return core_.notify(value);
  if (offset == InterruptAck) {
    interrupt_status_ &= ~value;
    return;
  }
  core_.update([offset, value](CommonRegisters& registers) {
    switch (offset) {
      case DeviceFeaturesSel:
        return registers.select_device_features(value);
      case DriverFeatures:
        return registers.write_driver_features(value);
      case DriverFeaturesSel:
        return registers.select_driver_features(value);
      case QueueSel:
        return registers.select_queue(static_cast<std::uint16_t>(std::min(value, 0xFFFFu)));
      case QueueSize:
        return registers.write_queue_size(static_cast<std::uint16_t>(std::min(value, 0xFFFFu)));
      case QueueReady:
        return value == 1 ? registers.enable_queue() : registers.request_queue_reset();
      case QueueReset:
        if (value == 1) registers.request_queue_reset();
        return;
      case Status:
        return registers.write_status(static_cast<std::uint8_t>(value));
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

void MmioTransport::raise_used(std::uint16_t) noexcept {
  raise(used_buffer);
}

void MmioTransport::raise_config() noexcept {
  raise(configuration_change);
}

// An edge each time, also while the driver has not acknowledged the last one: whether it looks at
// the rings before or behind its acknowledgement is its own affair.
void MmioTransport::raise(std::uint32_t cause) noexcept {
  interrupt_status_ |= cause;
  edge_.raise();
}

}  // namespace devices::virtio
