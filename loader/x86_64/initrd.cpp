#include "loader/x86_64/initrd.hpp"

#include <array>
#include <vector>

#include "loader/placement.hpp"
#include "loader/x86_64/low_memory.hpp"
#include "runtime/units.hpp"

namespace loader::x86_64 {
namespace {

using platform::AddressRange;
using platform::GuestAddress;
using namespace runtime::literals;

constexpr std::uint64_t initrd_alignment = 2_MiB;

GuestAddress aligned_up(GuestAddress address) {
  return {runtime::align_up(address.value, initrd_alignment)};
}

/// Boundaries from which RAM is free, best first.
std::vector<GuestAddress> candidates(std::uint64_t size_bytes, const LoadedKernel& kernel,
                                     const platform::GuestMemory& ram) {
  std::vector<GuestAddress> starts;
  if (size_bytes <= low_memory::small_initrd.size_bytes)
    starts.push_back(low_memory::small_initrd.start);
  starts.push_back(aligned_up(kernel.claimed.end()));
  const std::uint64_t below = kernel.claimed.start.value;
  if (size_bytes < below) {
    starts.push_back({runtime::align_down(below - size_bytes, initrd_alignment)});
  }
  for (const auto& region : ram.regions()) {
    if (region.guest.start >= low_memory::end) starts.push_back(aligned_up(region.guest.start));
  }
  return starts;
}

}  // namespace

AddressRange find_initrd_place(std::uint64_t size_bytes, const LoadedKernel& kernel,
                               const platform::GuestMemory& ram) {
  for (const GuestAddress start : candidates(size_bytes, kernel, ram)) {
    const AddressRange place{start, size_bytes};
    const bool fits = start >= low_memory::end && ram.contains(place) &&
                      !place.overlaps(kernel.claimed) &&
                      start + (size_bytes - 1) <= kernel.limits.initrd_last;
    if (fits) return place;
  }
  throw BadImage{
      "{} bytes fit nowhere beside the kernel at {:#x}-{:#x} in {} MiB of RAM below {:#x}",
      size_bytes,
      kernel.claimed.start.value,
      kernel.claimed.end().value - 1,
      ram.size_bytes() / 1_MiB,
      kernel.limits.initrd_last.value};
}

AddressRange place_initrd(const Image& image, const LoadedKernel& kernel,
                          platform::GuestMemory& ram) {
  if (image.bytes.empty()) throw BadImage{"empty, expected an initrd"};
  const AddressRange place = find_initrd_place(image.bytes.size(), kernel, ram);
  place_bytes(image, {0, place.size_bytes}, ram, place.start);
  return place;
}

}  // namespace loader::x86_64
