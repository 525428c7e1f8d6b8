#include "devices/virtio/pci_transport.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "devices/virtio/pci_layout.hpp"

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
  add_registers(parts.places);
}

void PciTransport::add_registers(pci::BarPlacer& places) {
  const auto [table_bytes, msix] = interrupts_.look([](const pci::MsixTable& table) {
    return std::pair{table.size_bytes(), table.capability(vectors_bar)};
  });
  config_.add_bar(registers_bar, pci::BarWidth::Bits32, registers_bytes,
                  places.take(registers_bytes));
  config_.add_bar(vectors_bar, pci::BarWidth::Bits32, table_bytes, places.take(table_bytes));
  msix_at_ = config_.add_capability(pci::CapabilityId::Msix, msix.body, msix.writable);
  window_at_ = add_capabilities(config_, core_.queue_count());
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

// Each queue has an address of its own, so that the value written need not be looked at. Where a
// bell is not wanted, or cannot be, the writes come to write_bar().
void PciTransport::bar_moved(unsigned bar, std::optional<GuestAddress> to) {
  if (bar != registers_bar) return;
  for (std::uint16_t queue = 0; queue < bells_.size(); ++queue) {
    std::optional<Doorbell>& bell = bells_[queue];
    runtime::Event* const event = core_.doorbell(queue);
    if (event == nullptr) continue;
    if (bell) doorbells_.unring(*bell, *event);
    bell.reset();
    if (!to) continue;
    const std::uint64_t offset =
        static_cast<std::uint64_t>(Structure::Notify) * page_bytes + queue * notify_multiplier;
    const Doorbell wanted{.place = *to + offset, .size_bytes = 0};
    if (doorbells_.try_ring(wanted, *event)) bell = wanted;
  }
}

void PciTransport::read_bar(unsigned bar, std::uint64_t offset, std::span<std::byte> data) {
  if (bar == vectors_bar) {
    interrupts_.look([&](const pci::MsixTable& table) { table.read(offset, data); });
    return;
  }
  const std::uint64_t at = offset % page_bytes;
  std::uint32_t value = 0;
  switch (static_cast<Structure>(offset / page_bytes)) {
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
  const std::uint64_t at = offset % page_bytes;
  std::uint32_t value = 0;
  std::memcpy(&value, data.data(), std::min(data.size(), sizeof value));
  switch (static_cast<Structure>(offset / page_bytes)) {
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
