#include "loader/arm64/layout.hpp"

#include <algorithm>

#include "loader/arm64/memory_map.hpp"
#include "loader/placement.hpp"
#include "runtime/units.hpp"

namespace loader::arm64 {
namespace {

using platform::AddressRange;
using platform::GuestAddress;
using namespace runtime::literals;

constexpr std::uint64_t least_table_bytes = 512_KiB;
constexpr std::uint64_t initrd_window_bytes = 32_GiB;

GuestAddress huge_page_after(GuestAddress address) {
  return {runtime::align_up(address.value, 2_MiB)};
}

}  // namespace

AddressRange table_area(AddressRange kernel) {
  GuestAddress start{runtime::align_up(kernel.end().value, memory_granularity)};
  GuestAddress end = huge_page_after(start);
  if (end - start < least_table_bytes) {
    start = end;
    end = start + 2_MiB;
  }
  return {start, end - start};
}

AddressRange find_initrd_place(std::uint64_t size_bytes, AddressRange kernel,
                               const platform::GuestMemory& ram) {
  const GuestAddress lowest = table_area(kernel).end();
  const AddressRange window{{runtime::align_down(kernel.start.value, 1_GiB)}, initrd_window_bytes};
  for (const auto& region : ram.regions()) {
    const AddressRange place{std::max(lowest, huge_page_after(region.guest.start)), size_bytes};
    if (region.guest.contains(place) && window.contains(place)) return place;
  }
  throw BadImage{
      "{} bytes fit nowhere behind the kernel at {:#x}-{:#x} in {} MiB of RAM below {:#x}",
      size_bytes,
      kernel.start.value,
      kernel.end().value - 1,
      ram.size_bytes() / 1_MiB,
      window.end().value};
}

AddressRange place_initrd(const Image& image, AddressRange kernel, platform::GuestMemory& ram) {
  if (image.bytes.empty()) throw BadImage{"empty, expected an initrd"};
  const AddressRange place = find_initrd_place(image.bytes.size(), kernel, ram);
  place_bytes(image, {0, place.size_bytes}, ram, place.start);
  return place;
}

}  // namespace loader::arm64
