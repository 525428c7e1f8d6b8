// ELF executables: a vmlinux tells where its parts go, and where its first instruction is.
//
// Spec:  System V gABI, chapters 4 and 5; Xen elfnote.h for the PVH entry.
// Trust: every number here comes from a file that may be damaged or hostile.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "loader/image.hpp"
#include "platform/address.hpp"
#include "platform/guest_memory.hpp"

namespace loader::x86_64 {

/// A stretch of the file and the RAM it belongs to, of which only the beginning comes from the
/// file.
struct ElfSegment {
  std::uint64_t file_offset;
  std::uint64_t file_bytes;
  platform::AddressRange memory;
};

/// What an executable's headers say; already known to be sound in itself.
struct ElfLayout {
  platform::GuestAddress entry;
  std::vector<ElfSegment> segments;  // by address; never empty; disjoint; none below 1 MiB
  std::vector<FileRange> notes;

  /// From the first segment's first byte to the last one's last.
  [[nodiscard]] platform::AddressRange span() const {
    const auto end = segments.back().memory.end();
    return {segments.front().memory.start, end - segments.front().memory.start};
  }
  /// Moves everything to a lower or higher address. A relocatable kernel finds out by itself.
  void move_to(platform::GuestAddress start);
};

[[nodiscard]] bool is_elf(std::span<const std::byte> bytes);

/// How much of the file `parse_elf` needs to see. `bytes` hold an ELF magic at least.
[[nodiscard]] std::uint64_t elf_headers_end(std::span<const std::byte> bytes);

/// Reads the headers, all of which must lie within `bytes`: the file, or its beginning.
/// Throws BadImage unless they describe a 64-bit x86 executable.
[[nodiscard]] ElfLayout parse_elf(std::span<const std::byte> bytes);

/// Throws BadImage unless the file is long enough to hold what its headers speak of.
void check_file_size(const ElfLayout& layout, std::uint64_t file_bytes);

/// Throws BadImage unless all of it lies in one stretch of RAM.
void check_fits(const ElfLayout& layout, const platform::GuestMemory& ram);

/// Puts every segment where it belongs. RAM not written to is taken to be zero already.
void place_elf(const ElfLayout& layout, const Image& image, platform::GuestMemory& ram);

/// The entry which a PHYS32_ENTRY note names, if there is one.
[[nodiscard]] std::optional<platform::GuestAddress> find_pvh_entry(const ElfLayout& layout,
                                                                   std::span<const std::byte> file);

}  // namespace loader::x86_64
