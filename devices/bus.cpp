#include "devices/bus.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace devices {

template <typename Address>
void Bus<Address>::add(Address start, std::uint64_t size_bytes, BusDevice& device) {
  constexpr std::uint64_t top = std::numeric_limits<decltype(start.value)>::max();
  const std::uint64_t first = start.value;
  if (size_bytes == 0) throw std::invalid_argument{"a device needs at least one address"};
  if (size_bytes - 1 > top - first) {
    throw std::invalid_argument{"a device reaches beyond the end of its address space"};
  }
  const Place place{first, first + (size_bytes - 1), &device};
  const auto next = std::lower_bound(
      places_.begin(), places_.end(), first,
      [](const Place& other, std::uint64_t address) { return other.last < address; });
  if (next != places_.end() && next->first <= place.last) {
    throw std::invalid_argument{"two devices at the same address"};
  }
  places_.insert(next, place);
}

template <typename Address>
auto Bus<Address>::find(std::uint64_t first, std::size_t size_bytes) const -> const Place* {
  const auto place = std::lower_bound(
      places_.begin(), places_.end(), first,
      [](const Place& other, std::uint64_t address) { return other.last < address; });
  if (place == places_.end() || first < place->first) return nullptr;
  const bool all_inside = size_bytes != 0 && size_bytes - 1 <= place->last - first;
  return all_inside ? &*place : nullptr;
}

template <typename Address>
void Bus<Address>::read(Address address, std::span<std::byte> data) const {
  if (const Place* place = find(address.value, data.size())) {
    place->device->read(address.value - place->first, data);
  } else {
    std::ranges::fill(data, std::byte{0xFF});
  }
}

template <typename Address>
void Bus<Address>::write(Address address, std::span<const std::byte> data) const {
  if (const Place* place = find(address.value, data.size())) {
    place->device->write(address.value - place->first, data);
  }
}

template class Bus<platform::Port>;
template class Bus<platform::GuestAddress>;

}  // namespace devices
