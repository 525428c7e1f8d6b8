#include "devices/pci/root_bus.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace devices::pci {
namespace {

constexpr std::uint64_t function_bytes = 0x1000;
constexpr std::uint64_t device_bytes = 8 * function_bytes;

}  // namespace

RootBus::RootBus(std::vector<Window> windows, std::optional<Ecam> ecam)
    : windows_{std::move(windows)}, ecam_{ecam} {
  put(0, bridge_);
}

void RootBus::add(unsigned device, Function& function) {
  if (device >= most_devices || slots_[device].function != nullptr) {
    throw std::invalid_argument{"no such place on the PCI bus, or taken"};
  }
  put(device, function);
  bars_.add(function);
  follow_bars(function);
}

void RootBus::put(unsigned device, Function& function) {
  Slot& slot = slots_[device];
  slot.function = &function;
  const auto* const page = function.config_page();
  if (page == nullptr || !ecam_) return;
  const platform::GuestAddress place = ecam_->start + device * device_bytes;
  if (ecam_->pages.try_show(place, *page)) slot.shown_at = place;
}

RootBus::Slot* RootBus::find(std::uint64_t offset) {
  const std::uint64_t device = offset / device_bytes;
  if (device >= most_devices || offset % device_bytes >= function_bytes) return nullptr;
  Slot& slot = slots_[device];
  return slot.function == nullptr ? nullptr : &slot;
}

void RootBus::read(std::uint64_t offset, std::span<std::byte> data) {
  if (const Slot* const slot = find(offset)) {
    const std::lock_guard lock{configuration_};
    slot->function->read_config(offset % function_bytes, data);
  } else {
    std::ranges::fill(data, std::byte{0xFF});
  }
}

void RootBus::write(std::uint64_t offset, std::span<const std::byte> data) {
  Slot* const slot = find(offset);
  if (slot == nullptr) return;
  const std::lock_guard lock{configuration_};
  slot->function->write_config(offset % function_bytes, data);
  follow_bars(*slot->function);
  follow_page(*slot);
}

/// Away once and for all: no driver is to keep the host busy with a page that comes and goes.
void RootBus::follow_page(Slot& slot) {
  if (!slot.shown_at || slot.function->config_page() != nullptr) return;
  ecam_->pages.hide(*slot.shown_at);
  slot.shown_at.reset();
}

/// Its BARs are where its configuration says now.
void RootBus::follow_bars(Function& function) {
  for (BarMap::Place& place : bars_.places()) {
    if (&place.function != &function) continue;
    std::optional<platform::GuestAddress> wanted;
    if (const auto range = function.bar_place(place.index)) {
      const bool handed_on = std::ranges::any_of(
          windows_, [&](const Window& window) { return window.contains(place.space, *range); });
      if (handed_on) wanted = range->start;
    }
    if (wanted == place.start()) continue;
    place.move(wanted);
    function.bar_moved(place.index, wanted);
  }
}

}  // namespace devices::pci
