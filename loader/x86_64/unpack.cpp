#include "loader/x86_64/unpack.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "loader/placement.hpp"
#include "loader/x86_64/low_memory.hpp"
#include "runtime/mapping.hpp"
#include "runtime/units.hpp"

namespace loader::x86_64 {
namespace {

using platform::AddressRange;
using platform::GuestAddress;
using platform::GuestMemory;
using namespace runtime::literals;

constexpr std::size_t peek_bytes = 4_KiB;
constexpr std::size_t most_header_bytes = 1_MiB;

/// Segments that have bytes in the file, by address.
std::vector<ElfSegment> stored_segments(const ElfLayout& layout) {
  std::vector<ElfSegment> stored;
  std::ranges::copy_if(layout.segments, std::back_inserter(stored),
                       [](const auto& segment) { return segment.file_bytes > 0; });
  return stored;
}

/// Where the file would lie if its first segment were in place.
std::optional<GuestAddress> image_start(const std::vector<ElfSegment>& stored) {
  if (stored.empty() || stored.front().file_offset > stored.front().memory.start.value) {
    return std::nullopt;
  }
  return GuestAddress{stored.front().memory.start.value - stored.front().file_offset};
}

/// Segments come in the file in the order they have in memory, each with bytes of its own.
/// Then there is an order of moving them in which none overwrites another's bytes.
bool ordered_alike(const std::vector<ElfSegment>& stored) {
  return std::ranges::adjacent_find(stored, [](const auto& left, const auto& right) {
           return left.file_offset + left.file_bytes > right.file_offset;
         }) == stored.end();
}

/// The RAM in which the file can be unpacked; empty if that cannot be done in place.
AddressRange room_in_place(const PackedElf& packed, const ElfLayout& layout,
                           const GuestMemory& ram) {
  const auto stored = stored_segments(layout);
  const auto start = image_start(stored);
  if (!start || *start < low_memory::end || !ordered_alike(stored)) return {};
  for (const auto& region : ram.regions()) {
    if (!region.guest.contains(*start)) continue;
    return {*start, std::min(region.guest.end() - *start, packed.limit_bytes)};
  }
  return {};
}

void move_segment(const ElfSegment& segment, GuestAddress image, GuestMemory& ram) {
  const auto from = ram.host_bytes({image + segment.file_offset, segment.file_bytes});
  const auto to = ram.host_bytes({segment.memory.start, segment.file_bytes});
  std::memmove(to.data(), from.data(), segment.file_bytes);
}

/// Those that move down go first, lowest first: what lies below them has moved already or stays.
/// Those that move up follow, highest first.
void move_segments(const std::vector<ElfSegment>& stored, GuestAddress image, GuestMemory& ram) {
  const auto source = [&](const ElfSegment& segment) { return image + segment.file_offset; };
  for (auto segment = stored.begin(); segment != stored.end(); ++segment) {
    if (segment->memory.start < source(*segment)) move_segment(*segment, image, ram);
  }
  for (auto segment = stored.rbegin(); segment != stored.rend(); ++segment) {
    if (segment->memory.start > source(*segment)) move_segment(*segment, image, ram);
  }
}

/// Clears whatever of `dirty` no segment's bytes have been put in.
void clear_leftovers(const std::vector<ElfSegment>& stored, AddressRange dirty, GuestMemory& ram) {
  GuestAddress at = dirty.start;
  for (const ElfSegment& segment : stored) {
    const GuestAddress end = std::min(segment.memory.start, dirty.end());
    if (at < end) clear(ram, {at, end - at});
    at = std::max(at, segment.memory.start + segment.file_bytes);
  }
  if (at < dirty.end()) clear(ram, {at, dirty.end() - at});
}

UnpackedElf unpack_in_place(const ElfLayout& layout, const PackedElf& packed, AddressRange room,
                            GuestMemory& ram) {
  const auto stored = stored_segments(layout);
  const auto output = ram.host_bytes(room);
  const std::size_t file_bytes = decompress(packed.format, packed.bytes, output);
  check_file_size(layout, file_bytes);
  const auto pvh_entry = find_pvh_entry(layout, output.first(file_bytes));
  move_segments(stored, room.start, ram);
  clear_leftovers(
      stored, {room.start, std::min(room.size_bytes, file_bytes + decompress_scratch_bytes)}, ram);
  return {layout, pvh_entry};
}

UnpackedElf unpack_by_copy(const ElfLayout& layout, const PackedElf& packed, GuestMemory& ram) {
  const auto scratch = runtime::Mapping::anonymous(packed.limit_bytes);
  const auto file = scratch.bytes().first(decompress(packed.format, packed.bytes, scratch.bytes()));
  check_file_size(layout, file.size());
  place_elf(layout, Image{file}, ram);
  return {layout, find_pvh_entry(layout, file)};
}

/// Reads the headers, unpacking no more than they need.
ElfLayout peek_layout(const PackedElf& packed) {
  std::vector<std::byte> start(peek_bytes);
  start.resize(decompress_prefix(packed.format, packed.bytes, start));
  if (!is_elf(start))
    throw BadImage{"{} data in which there is no ELF file", name_of(packed.format)};
  const std::uint64_t headers_end = elf_headers_end(start);
  if (headers_end > most_header_bytes) {
    throw BadImage{"ELF program headers that end at offset {:#x}, expected them within {:#x}",
                   headers_end, most_header_bytes};
  }
  if (headers_end > start.size()) {
    start.resize(headers_end);
    start.resize(decompress_prefix(packed.format, packed.bytes, start));
  }
  return parse_elf(start);
}

/// Where RAM does not reach to the end of the kernel's own place, with the room to unpack it
/// there, moves it to the lowest possible one.
void fit_into(const GuestMemory& ram, const PackedElf& packed, ElfLayout& layout) {
  if (packed.relocation_alignment == 0) return;
  const bool roomy = room_in_place(packed, layout, ram).size_bytes == packed.limit_bytes;
  if (roomy && ram.contains(layout.span())) return;
  const std::uint64_t offset = layout.segments.front().file_offset;
  if (offset > packed.limit_bytes) return;
  const std::uint64_t lowest = low_memory::end.value + offset;
  const GuestAddress start{runtime::align_up(lowest, packed.relocation_alignment)};
  if (start < layout.span().start) layout.move_to(start);
}

}  // namespace

UnpackedElf unpack_elf(const PackedElf& packed, GuestMemory& ram) {
  ElfLayout layout = peek_layout(packed);
  fit_into(ram, packed, layout);
  check_fits(layout, ram);
  const AddressRange room = room_in_place(packed, layout, ram);
  if (room.size_bytes == 0) return unpack_by_copy(layout, packed, ram);
  try {
    return unpack_in_place(layout, packed, room, ram);
  } catch (const BadImage&) {
    // Perhaps only the file's tail, which belongs to no segment, reaches beyond RAM.
    if (room.size_bytes == packed.limit_bytes) throw;
    clear(ram, room);
    return unpack_by_copy(layout, packed, ram);
  }
}

}  // namespace loader::x86_64
