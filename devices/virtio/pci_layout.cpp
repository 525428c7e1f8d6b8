#include "devices/virtio/pci_layout.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <span>

namespace devices::virtio::pci_layout {
namespace {

constexpr std::uint16_t vendor = 0x1AF4;
constexpr std::uint16_t first_device = 0x1040;  // plus the device's type
constexpr std::uint8_t modern_revision = 1;

/// cfg_type, 4.1.4.
enum CapabilityType : std::uint8_t {
  CommonConfig = 1,
  NotifyConfig = 2,
  IsrConfig = 3,
  DeviceConfig = 4,
  PciConfig = 5,
};
constexpr std::uint32_t common_config_bytes = 60;
constexpr std::uint32_t isr_bytes = 1;

/// struct virtio_pci_cap behind the two bytes that all capabilities begin with.
struct [[gnu::packed]] Body {
  std::uint8_t length;
  std::uint8_t type;
  std::uint8_t bar = registers_bar;
  std::uint8_t id = 0;
  std::uint8_t padding[2] = {};
  std::uint32_t offset = 0;
  std::uint32_t size_bytes = 0;
};
struct [[gnu::packed]] BodyWithMore {
  Body body;
  std::uint32_t more;
};

constexpr std::size_t header_bytes = 2;
constexpr std::uint8_t length = header_bytes + sizeof(Body);
constexpr std::uint8_t length_with_more = header_bytes + sizeof(BodyWithMore);
static_assert(length == 16 && length_with_more == 20);

template <typename Content>
std::uint8_t add(pci::ConfigSpace& config, const Content& content) {
  return config.add_capability(pci::CapabilityId::Vendor, std::as_bytes(std::span{&content, 1}));
}

Body structure(CapabilityType type, Structure where, std::uint32_t size_bytes) {
  return {.length = length,
          .type = type,
          .offset = static_cast<std::uint32_t>(static_cast<std::uint64_t>(where) * structure_bytes),
          .size_bytes = size_bytes};
}

/// Base class, sub-class, interface (PCI Code and ID Assignment Specification, 1).
std::uint32_t class_code(DeviceType type) {
  switch (type) {
    case DeviceType::Network:
      return 0x02'0000;  // Ethernet controller
    case DeviceType::Block:
      return 0x01'8000;  // other mass storage controller
    case DeviceType::Console:
      return 0x07'8000;  // other communications device
    case DeviceType::Entropy:
      break;
  }
  return 0xFF'0000;  // none of the defined classes
}

}  // namespace

pci::Identity identity(DeviceType type) {
  const auto device = static_cast<std::uint16_t>(first_device + static_cast<unsigned>(type));
  return {.vendor = vendor,
          .device = device,
          .revision = modern_revision,
          .class_code = class_code(type),
          .subsystem_vendor = vendor,
          .subsystem = device};
}

std::size_t add_capabilities(pci::ConfigSpace& config, const NotifyPlace& notify,
                             std::uint16_t queues) {
  add(config, structure(CommonConfig, Structure::Common, common_config_bytes));
  add(config, BodyWithMore{{.length = length_with_more,
                            .type = NotifyConfig,
                            .bar = static_cast<std::uint8_t>(notify.bar),
                            .offset = static_cast<std::uint32_t>(notify.offset),
                            .size_bytes = queues * notify_multiplier},
                           notify_multiplier});
  add(config, structure(IsrConfig, Structure::Isr, isr_bytes));
  add(config, structure(DeviceConfig, Structure::Device, structure_bytes));
  // The driver says where by itself, and last come the bytes it reads or writes.
  const BodyWithMore access{{.length = length_with_more, .type = PciConfig}, 0};
  const BodyWithMore writable{
      {.length = 0, .type = 0, .bar = 0xFF, .offset = 0xFFFF'FFFF, .size_bytes = 0xFFFF'FFFF},
      0xFFFF'FFFF};
  return config.add_capability(pci::CapabilityId::Vendor, std::as_bytes(std::span{&access, 1}),
                               std::as_bytes(std::span{&writable, 1}));
}

}  // namespace devices::virtio::pci_layout
