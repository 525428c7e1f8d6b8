#include "platform/guest_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

#include "runtime/error.hpp"
#include "runtime/units.hpp"

namespace platform {
namespace {

using namespace runtime::literals;

constexpr std::uint64_t page_bytes = 4_KiB;
// Regions begin on this boundary in our address space too, so that the host can back them with
// huge pages wherever the guest's own mapping of them could be huge.
constexpr std::uint64_t huge_page_bytes = 2_MiB;

std::uint64_t sum_of_sizes(std::span<const AddressRange> ram) {
  return std::accumulate(ram.begin(), ram.end(), std::uint64_t{0},
                         [](auto sum, AddressRange range) {
                           return sum + runtime::align_up(range.size_bytes, huge_page_bytes);
                         });
}

/// False if the file ends before `into` does.
bool read_whole(int file_descriptor, std::span<std::byte> into, std::uint64_t file_offset) {
  while (!into.empty()) {
    const ssize_t size = runtime::check(
        ::pread(file_descriptor, into.data(), into.size(), static_cast<off_t>(file_offset)),
        "read {} bytes at offset {}", into.size(), file_offset);
    if (size == 0) return false;
    into = into.subspan(static_cast<std::size_t>(size));
    file_offset += static_cast<std::uint64_t>(size);
  }
  return true;
}

}  // namespace

GuestMemory::GuestMemory(std::span<const AddressRange> ram)
    : backing_{runtime::Mapping::anonymous(sum_of_sizes(ram), huge_page_bytes)} {
  std::byte* host = backing_.data();
  for (const AddressRange range : ram) {
    regions_.push_back({range, host});
    host += runtime::align_up(range.size_bytes, huge_page_bytes);
  }
  // Advice only: a host without huge pages serves small ones.
  (void)::madvise(backing_.data(), backing_.size_bytes(), MADV_HUGEPAGE);
}

std::uint64_t GuestMemory::size_bytes() const {
  return std::accumulate(
      regions_.begin(), regions_.end(), std::uint64_t{0},
      [](auto sum, const Region& region) { return sum + region.guest.size_bytes; });
}

const GuestMemory::Region* GuestMemory::find(AddressRange range) const {
  const auto region = std::ranges::find_if(
      regions_, [range](const Region& candidate) { return candidate.guest.contains(range); });
  return region == regions_.end() ? nullptr : &*region;
}

std::span<std::byte> GuestMemory::host_bytes(AddressRange range) const {
  const Region* region = find(range);
  if (region == nullptr || range.size_bytes == 0) return {};
  return {region->host + (range.start - region->guest.start), range.size_bytes};
}

bool GuestMemory::read(GuestAddress from, std::span<std::byte> into) const {
  const Region* region = find({from, into.size()});
  if (region == nullptr) return false;
  if (into.empty()) return true;
  std::memcpy(into.data(), region->host + (from - region->guest.start), into.size());
  return true;
}

bool GuestMemory::write(GuestAddress to, std::span<const std::byte> bytes) {
  const Region* region = find({to, bytes.size()});
  if (region == nullptr) return false;
  if (bytes.empty()) return true;
  std::memcpy(region->host + (to - region->guest.start), bytes.data(), bytes.size());
  return true;
}

Placement GuestMemory::place_file(GuestAddress to, int file_descriptor, std::uint64_t file_offset,
                                  std::uint64_t size_bytes) {
  if (size_bytes == 0) return Placement::Done;
  const std::span<std::byte> place = host_bytes({to, size_bytes});
  if (place.empty()) return Placement::NotRam;
  return read_whole(file_descriptor, place, file_offset) ? Placement::Done
                                                         : Placement::FileEndsEarly;
}

void GuestMemory::discard(AddressRange range) {
  const GuestAddress first{runtime::align_up(range.start.value, page_bytes)};
  const GuestAddress last{runtime::align_down(range.end().value, page_bytes)};
  if (first >= last) return;
  const std::span<std::byte> pages = host_bytes({first, last - first});
  if (pages.empty()) return;
  runtime::check(::madvise(pages.data(), pages.size(), MADV_DONTNEED), "discard guest memory");
}

}  // namespace platform
