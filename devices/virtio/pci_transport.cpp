#include "devices/virtio/pci_transport.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace devices::virtio {
namespace {

using namespace pci_layout;
using platform::Doorbell;
using platform::GuestAddress;

/// 4.1.4.5.
constexpr std::uint8_t used_buffer = 1 << 0;
constexpr std::uint8_t configuration_change = 1 << 1;

constexpr std::size_t most_field_bytes = 4;

std::uint16_t vectors_for(const Device& device) {
  return static_cast<std::uint16_t>(device.queue_sizes().size() + 1);
}

/// Of a structure, and where in it. All that is at ports is one.
struct Register {
  Structure structure;
  std::uint64_t offset;
};
Register register_at(unsigned bar, std::uint64_t offset) {
  if (bar == ports_bar) return {Structure::Notify, offset};
  return {static_cast<Structure>(offset / structure_bytes), offset % structure_bytes};
}

bool touches(std::uint64_t offset, std::size_t size_bytes, std::size_t first, std::size_t count) {
  return offset < first + count && first < offset + size_bytes;
}

}  // namespace

PciTransport::PciTransport(const Parts& parts)
    : interrupts_{parts.interrupts, parts.device_id, vectors_for(parts.device)},
      doorbells_{parts.doorbells},
      config_{identity(parts.device.type())},
      bells_(parts.device.queue_sizes().size()),
      core_{{.executor = parts.executor,
             .memory = parts.memory,
             .device = parts.device,
             .interrupts = *this}},
      common_{core_, vectors_for(parts.device)} {
  add_registers(parts);
}

void PciTransport::add_registers(const Parts& parts) {
  const auto [table_bytes, msix] = interrupts_.look([](const pci::MsixTable& table) {
    return std::pair{table.size_bytes(), table.capability(vectors_bar)};
  });
  config_.add_bar(registers_bar, pci::BarKind::Memory32, registers_bytes,
                  parts.places.take(registers_bytes));
  config_.add_bar(vectors_bar, pci::BarKind::Memory32, table_bytes, parts.places.take(table_bytes));
  const std::uint64_t ports = std::bit_ceil(std::uint64_t{core_.queue_count()} * notify_multiplier);
  if (parts.ports != nullptr && ports <= pci::ConfigSpace::most_ports) {
    config_.add_bar(ports_bar, pci::BarKind::Ports, ports, parts.ports->take(ports));
    notify_ = notify_ports;
  }
  msix_at_ = config_.add_capability(pci::CapabilityId::Msix, msix.body, msix.writable);
  window_at_ = add_capabilities(config_, notify_, core_.queue_count());
}

// What the driver has last asked for through the configuration space, if `offset` is where the data
// of that are (4.1.4.9); nothing for what it must not ask for.
auto PciTransport::window_of(std::uint64_t offset, std::size_t size_bytes) const
    -> std::optional<Window> {
  const std::size_t data_at = window_at_ + Access::data_at;
  if (!touches(offset, size_bytes, data_at, most_field_bytes)) return std::nullopt;
  const unsigned bar = config_.get<std::uint8_t>(window_at_ + Access::bar_at);
  const std::uint64_t at = config_.get<std::uint32_t>(window_at_ + Access::offset_at);
  const std::size_t length = config_.get<std::uint32_t>(window_at_ + Access::length_at);
  const bool is_width = length == 1 || length == 2 || length == 4;
  if (!is_width || at % length != 0 || at + length > bar_bytes(bar)) return std::nullopt;
  return Window{bar, at, length};
}

void PciTransport::read_config(std::uint64_t offset, std::span<std::byte> data) {
  if (const auto window = window_of(offset, data.size())) {
    std::array<std::byte, most_field_bytes> bytes{};
    read_bar(window->bar, window->offset, std::span{bytes}.first(window->size_bytes));
    config_.set(window_at_ + Access::data_at, bytes);
  }
  config_.read(offset, data);
}

const platform::RegisterPage* PciTransport::config_page() const {
  return window_of(window_at_ + Access::data_at, 1) ? nullptr : &config_.page();
}

void PciTransport::write_config(std::uint64_t offset, std::span<const std::byte> data) {
  config_.write(offset, data);
  const std::size_t control_at = msix_at_ + pci::MsixTable::control_offset;
  if (touches(offset, data.size(), control_at, sizeof(std::uint16_t))) {
    const auto control = config_.get<std::uint16_t>(control_at);
    interrupts_.update([control](pci::MsixTable& table) { table.set_control(control); });
  }
  if (const auto window = window_of(offset, data.size())) {
    using Bytes = std::array<std::byte, most_field_bytes>;
    const auto bytes = config_.get<Bytes>(window_at_ + Access::data_at);
    write_bar(window->bar, window->offset, std::span{bytes}.first(window->size_bytes));
  }
}

// Each queue has an address of its own, so that neither width nor value of a write matter. Where a
// bell is not wanted, or cannot be, the writes come to write_bar().
Doorbell PciTransport::bell_of(std::uint16_t queue, GuestAddress bar) const {
  const GuestAddress place = bar + notify_.offset + queue * notify_multiplier;
  if (bar_space(notify_.bar) == pci::Space::Memory) return {.place = place, .size_bytes = 0};
  return {.place = platform::Port{static_cast<std::uint16_t>(place.value)}, .size_bytes = 0};
}

void PciTransport::bar_moved(unsigned bar, std::optional<GuestAddress> to) {
  if (bar != notify_.bar) return;
  for (std::uint16_t queue = 0; queue < bells_.size(); ++queue) {
    std::optional<Doorbell>& bell = bells_[queue];
    runtime::Event* const event = core_.doorbell(queue);
    if (event == nullptr) continue;
    if (bell) doorbells_.unring(*bell, *event);
    bell.reset();
    if (!to) continue;
    const Doorbell wanted = bell_of(queue, *to);
    if (doorbells_.try_ring(wanted, *event)) bell = wanted;
  }
}

void PciTransport::read_bar(unsigned bar, std::uint64_t offset, std::span<std::byte> data) {
  if (bar == vectors_bar) {
    interrupts_.look([&](const pci::MsixTable& table) { table.read(offset, data); });
    return;
  }
  const auto [structure, at] = register_at(bar, offset);
  std::uint32_t value = 0;
  switch (structure) {
    case Structure::Device:
      return core_.read_config(at, data);
    case Structure::Isr:
      if (at == 0) value = isr_.exchange(0);
      break;
    case Structure::Common:
      if (data.size() > most_field_bytes) {
        read_bar(bar, offset + most_field_bytes, data.subspan(most_field_bytes));
        data = data.first(most_field_bytes);
      }
      value = common_.read(at);
      break;
    case Structure::Notify:
      break;
  }
  std::ranges::fill(data, std::byte{0});
  std::memcpy(data.data(), &value, std::min(data.size(), sizeof value));
}

void PciTransport::write_bar(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) {
  if (bar == vectors_bar) {
    interrupts_.update([&](pci::MsixTable& table) { table.write(offset, data); });
    return;
  }
  const auto [structure, at] = register_at(bar, offset);
  std::uint32_t value = 0;
  std::memcpy(&value, data.data(), std::min(data.size(), sizeof value));
  switch (structure) {
    case Structure::Device:
      return core_.write_config(at, data);
    case Structure::Common:
      common_.write(at, value);
      if (data.size() > most_field_bytes) {
        write_bar(bar, offset + most_field_bytes, data.subspan(most_field_bytes));
      }
      return;
    case Structure::Notify:
      if (at % notify_multiplier == 0) {
        core_.notify(static_cast<std::uint32_t>(at / notify_multiplier));
      }
      return;
    case Structure::Isr:
      return;
  }
}

void PciTransport::raise_used(std::uint16_t queue) noexcept {
  isr_ |= used_buffer;
  interrupts_.raise(common_.queue_vector(queue));
}

void PciTransport::raise_config() noexcept {
  isr_ |= configuration_change;
  interrupts_.raise(common_.config_vector());
}

}  // namespace devices::virtio
