// Kernels made on the spot: small ELF files and bzImages of any shape, sound or not.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "loader/bytes.hpp"
#include "loader/compression/compression.hpp"
#include "loader/x86_64/setup_header.hpp"

namespace samples {

using loader::Bytes;

/// `size` bytes that differ from each other and, by `seed`, from other patterns; none is zero.
[[nodiscard]] Bytes pattern(std::size_t size, unsigned seed = 1);

struct Segment {
  std::uint64_t address;
  Bytes content;
  std::uint64_t memory_bytes = 0;                 // 0: as many as `content` has
  std::optional<std::uint64_t> file_offset = {};  // else right behind what came before, on a page
};

struct Elf {
  std::vector<Segment> segments;
  std::uint64_t entry = 0;  // 0: the first segment's address
  std::optional<std::uint32_t> pvh_entry = {};
  Bytes tail = {};  // behind everything else
};

[[nodiscard]] Bytes make(const Elf& elf);

/// A vmlinux in small: text, per-CPU data and data, of which the latter two lie in the file further
/// behind than in memory; an entry for PVH; and a tail that belongs to no segment.
[[nodiscard]] Elf small_vmlinux();

/// Its setup header, filled with what a relocatable 64-bit kernel of today says.
[[nodiscard]] loader::x86_64::SetupHeader usual_header();

struct BzImage {
  Bytes payload;
  loader::x86_64::SetupHeader header = usual_header();
  bool fill_in_sizes = true;  // syssize, payload_offset and payload_length
};

[[nodiscard]] Bytes make(const BzImage& image);

[[nodiscard]] Bytes compress(loader::Compression format, const Bytes& bytes);
inline constexpr loader::Compression all_formats[] = {
    loader::Compression::Gzip,      loader::Compression::Xz,       loader::Compression::Lzma,
    loader::Compression::Lz4Legacy, loader::Compression::Lz4Frame, loader::Compression::Zstd,
    loader::Compression::Bzip2,     loader::Compression::Lzo};

}  // namespace samples
