#include "devices/pci/root_bus.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace devices::pci {
namespace {

constexpr std::uint64_t function_bytes = 0x1000;
constexpr std::uint64_t functions_per_device = 8;

}  // namespace

RootBus::RootBus(std::vector<Window> windows) : windows_{std::move(windows)} {
  functions_[0] = &bridge_;
}

void RootBus::add(unsigned device, Function& function) {
  if (device >= most_devices || functions_[device] != nullptr) {
    throw std::invalid_argument{"no such place on the PCI bus, or taken"};
  }
  functions_[device] = &function;
  bars_.add(function);
  follow(function);
}

Function* RootBus::find(std::uint64_t offset) const {
  const std::uint64_t number = offset / function_bytes;
  if (number % functions_per_device != 0) return nullptr;
  const std::uint64_t device = number / functions_per_device;
  return device < most_devices ? functions_[device] : nullptr;
}

void RootBus::read(std::uint64_t offset, std::span<std::byte> data) {
  if (Function* const function = find(offset)) {
    const std::lock_guard lock{configuration_};
    function->read_config(offset % function_bytes, data);
  } else {
    std::ranges::fill(data, std::byte{0xFF});
  }
}

void RootBus::write(std::uint64_t offset, std::span<const std::byte> data) {
  Function* const function = find(offset);
  if (function == nullptr) return;
  const std::lock_guard lock{configuration_};
  function->write_config(offset % function_bytes, data);
  follow(*function);
}

/// Its BARs are where its configuration says now.
void RootBus::follow(Function& function) {
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
