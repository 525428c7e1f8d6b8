// A compressed vmlinux, unpacked straight to where it runs.
//
// An ELF file is nearly an image of the memory it describes: in a vmlinux, file offset and physical
// address of the first segments differ by the same amount. So the file is unpacked such that its
// first segment comes to lie in its place; only segments for which the difference is another
// (per-CPU data and what follows it) are moved, by little; what belongs to no segment is cleared.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "loader/compression/compression.hpp"
#include "loader/x86_64/elf.hpp"
#include "platform/guest_memory.hpp"

namespace loader::x86_64 {

struct PackedElf {
  Compression format;
  std::span<const std::byte> bytes;
  /// It must not unpack to more.
  std::uint64_t limit_bytes;
  /// If not 0, the kernel may run at any multiple of this, should RAM not reach to its own place.
  std::uint64_t relocation_alignment = 0;
};

struct UnpackedElf {
  ElfLayout layout;
  std::optional<platform::GuestAddress> pvh_entry;
};

/// Throws BadImage if the data is damaged, is no such executable, or does not fit.
[[nodiscard]] UnpackedElf unpack_elf(const PackedElf& packed, platform::GuestMemory& ram);

}  // namespace loader::x86_64
