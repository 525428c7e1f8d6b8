// arm64 kernels made on the spot: Images and EFI zboot images of any shape, sound or not.
#pragma once

#include <cstdint>
#include <string_view>

#include "loader/bytes.hpp"

namespace samples {

using loader::Bytes;

struct ArmImage {
  std::uint64_t text_offset = 0;
  std::uint64_t image_size = 0x40'0000;
  std::uint64_t flags = 0xA;  // little-endian, 4 KiB pages, anywhere in RAM
  std::uint32_t pe_header = 0x40;
  std::uint32_t pe_stored_bytes = 0;  // 0: as many as the file has
  std::size_t file_bytes = 10'000;
};

/// A header, a PE header with two sections if there is to be one, and a pattern.
[[nodiscard]] Bytes make(const ArmImage& image);

struct Zboot {
  Bytes payload;
  std::string_view compression_type = "gzip";
  std::uint16_t machine = 0xAA64;
};

[[nodiscard]] Bytes make(const Zboot& zboot);

}  // namespace samples
