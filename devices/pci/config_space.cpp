#include "devices/pci/config_space.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "runtime/units.hpp"

namespace devices::pci {
namespace {

/// Offsets of figure 6-1.
enum Register : std::size_t {
  VendorId = 0x00,
  DeviceId = 0x02,
  Command = 0x04,
  Status = 0x06,
  RevisionId = 0x08,  // and above it the class code
  CacheLineSize = 0x0C,
  Bar0 = 0x10,
  SubsystemVendorId = 0x2C,
  SubsystemId = 0x2E,
  CapabilitiesPointer = 0x34,
  InterruptLine = 0x3C,
  FirstCapability = 0x40,
};

enum CommandBit : std::uint16_t {
  IoSpace = 1 << 0,
  MemorySpace = 1 << 1,
  BusMaster = 1 << 2,
  ParityErrorResponse = 1 << 6,
  SystemErrorEnable = 1 << 8,
  InterruptDisable = 1 << 10,
};
constexpr std::uint16_t driver_commands =
    MemorySpace | BusMaster | ParityErrorResponse | SystemErrorEnable | InterruptDisable;

constexpr std::uint16_t has_capabilities = 1 << 4;  // of Status
constexpr std::size_t capability_header_bytes = 2;

/// 6.2.5.1. The low bits say what it is; a function made for a PC's ports needs only 16 bits.
struct BarShape {
  std::uint32_t kind_bits;
  std::uint64_t least_bytes;
  std::uint64_t most_bytes;
  std::uint64_t highest;  // address
};

constexpr BarShape shape_of(BarKind kind) {
  constexpr std::uint64_t low_half = 0xFFFF'FFFF;
  switch (kind) {
    case BarKind::Memory32:
      return {0b000, 16, low_half, low_half};
    case BarKind::Memory64:
      return {0b100, 16, ~std::uint64_t{0}, ~std::uint64_t{0}};
    case BarKind::Ports:
      return {0b01, 4, ConfigSpace::most_ports, 0xFFFF};
  }
  return {};
}

constexpr std::size_t bar_offset(unsigned index) {
  return Bar0 + index * sizeof(std::uint32_t);
}

}  // namespace

ConfigSpace::ConfigSpace(Identity identity)
    : last_link_{CapabilitiesPointer}, free_{FirstCapability} {
  set(VendorId, identity.vendor);
  set(DeviceId, identity.device);
  set(RevisionId, identity.class_code << 8 | identity.revision);
  set(SubsystemVendorId, identity.subsystem_vendor);
  set(SubsystemId, identity.subsystem);
  let_write(Command, driver_commands);
  // Of no meaning to us; drivers keep what they like there.
  let_write(CacheLineSize, std::uint8_t{0xFF});
  let_write(InterruptLine, std::uint8_t{0xFF});
}

bool ConfigSpace::is_taken(unsigned index) const {
  if (bars_[index].size_bytes != 0) return true;
  return index > 0 && bars_[index - 1].size_bytes != 0 &&
         bars_[index - 1].kind == BarKind::Memory64;
}

void ConfigSpace::add_bar(unsigned index, BarKind kind, std::uint64_t bar_bytes,
                          platform::GuestAddress place) {
  const unsigned registers = kind == BarKind::Memory64 ? 2 : 1;
  const BarShape shape = shape_of(kind);
  if (index + registers > bar_count) throw std::invalid_argument{"a BAR beyond the last"};
  if (is_taken(index) || is_taken(index + registers - 1)) {
    throw std::invalid_argument{"a BAR where there is one already"};
  }
  if (!std::has_single_bit(bar_bytes) || bar_bytes < shape.least_bytes ||
      bar_bytes > shape.most_bytes) {
    throw std::invalid_argument{"a BAR's size is a power of two"};
  }
  if (!runtime::is_aligned(place.value, bar_bytes) || place.value > shape.highest) {
    throw std::invalid_argument{"a BAR lies at a multiple of its size"};
  }
  bars_[index] = {kind, bar_bytes};
  const std::uint64_t movable = shape.highest & ~(bar_bytes - 1);
  set(bar_offset(index), static_cast<std::uint32_t>(place.value | shape.kind_bits));
  let_write(bar_offset(index), static_cast<std::uint32_t>(movable));
  if (kind == BarKind::Ports) let_write<std::uint16_t>(Command, driver_commands | IoSpace);
  if (kind != BarKind::Memory64) return;
  set(bar_offset(index + 1), static_cast<std::uint32_t>(place.value >> 32));
  let_write(bar_offset(index + 1), static_cast<std::uint32_t>(movable >> 32));
}

std::uint8_t ConfigSpace::add_capability(CapabilityId id, std::span<const std::byte> body,
                                         std::span<const std::byte> writable) {
  const std::size_t end = free_ + capability_header_bytes + body.size();
  if (end > size_bytes || writable.size() > body.size()) {
    throw std::invalid_argument{"a capability too many, or too large"};
  }
  const std::size_t start = free_;
  set(start, static_cast<std::uint8_t>(id));
  std::ranges::copy(body, page_->bytes.begin() + start + capability_header_bytes);
  std::ranges::copy(writable, writable_.begin() + start + capability_header_bytes);
  set(last_link_, static_cast<std::uint8_t>(start));
  set(Status, has_capabilities);
  last_link_ = start + 1;
  free_ = runtime::align_up(end, sizeof(std::uint32_t));
  return static_cast<std::uint8_t>(start);
}

void ConfigSpace::read(std::uint64_t offset, std::span<std::byte> data) const {
  std::ranges::fill(data, std::byte{0});
  const std::span<const std::byte> bytes = page_->bytes;
  const auto there = bytes.subspan(std::min<std::uint64_t>(offset, bytes.size()));
  std::ranges::copy(there.first(std::min(there.size(), data.size())), data.begin());
}

void ConfigSpace::write(std::uint64_t offset, std::span<const std::byte> data) {
  const std::size_t start = std::min<std::uint64_t>(offset, size_bytes);
  const std::size_t end = start + std::min(size_bytes - start, data.size());
  for (std::size_t at = start; at < end; ++at) {
    const std::byte mask = writable_[at];
    std::byte& byte = page_->bytes[at];
    byte = (byte & ~mask) | (data[at - start] & mask);
  }
}

std::optional<platform::AddressRange> ConfigSpace::bar_place(unsigned index) const {
  if (bar_bytes(index) == 0) return std::nullopt;
  const Bar& bar = bars_[index];
  const CommandBit enable = bar.kind == BarKind::Ports ? IoSpace : MemorySpace;
  if ((get<std::uint16_t>(Command) & enable) == 0) return std::nullopt;
  std::uint64_t start = get<std::uint32_t>(bar_offset(index));
  if (bar.kind == BarKind::Memory64) {
    start |= std::uint64_t{get<std::uint32_t>(bar_offset(index + 1))} << 32;
  }
  start &= ~(bar.size_bytes - 1);
  if (start + bar.size_bytes < start) return std::nullopt;
  return platform::AddressRange{{start}, bar.size_bytes};
}

}  // namespace devices::pci
