#include "loader/arm64/image_header.hpp"

#include <algorithm>
#include <array>

#include "loader/image.hpp"
#include "runtime/units.hpp"

namespace loader::arm64 {
namespace {

using namespace runtime::literals;

struct ImageHeader {
  std::uint32_t code0;
  std::uint32_t code1;
  std::uint64_t text_offset;
  std::uint64_t image_size;
  std::uint64_t flags;
  std::uint64_t res2;
  std::uint64_t res3;
  std::uint64_t res4;
  std::uint32_t magic;
  std::uint32_t pe_header_offset;
};
static_assert(sizeof(ImageHeader) == image_header_bytes);

constexpr std::uint32_t image_magic = 0x644D'5241;  // "ARM\x64"
constexpr std::uint64_t big_endian = 1 << 0;

/// Bits 2:1 of the flags.
std::optional<std::uint64_t> page_bytes(std::uint64_t flags) {
  constexpr std::array<std::optional<std::uint64_t>, 4> sizes{std::nullopt, 4_KiB, 16_KiB, 64_KiB};
  return sizes[flags >> 1 & 3];
}

ImageHeader header_of(std::span<const std::byte> bytes) {
  ImageHeader header;
  std::memcpy(
      &header,
      ImageReader{bytes}.slice(0, image_header_bytes, "the header of an arm64 Image").data(),
      sizeof header);
  return header;
}

/// Where the last section's bytes end, by the PE header (Microsoft PE format, 3 and 4).
std::uint64_t stored_bytes(const ImageReader& file, std::uint64_t pe_header) {
  constexpr std::uint64_t coff_header_bytes = 24;  // with the signature
  constexpr std::uint64_t section_bytes = 40;
  const auto sections = file.read<std::uint16_t>(pe_header + 6, "the PE header");
  const auto optional_bytes = file.read<std::uint16_t>(pe_header + 20, "the PE header");
  std::uint64_t section = pe_header + coff_header_bytes + optional_bytes;
  std::uint64_t end = 0;
  for (unsigned index = 0; index < sections; ++index, section += section_bytes) {
    const std::uint64_t size = file.read<std::uint32_t>(section + 16, "a PE section header");
    const std::uint64_t start = file.read<std::uint32_t>(section + 20, "a PE section header");
    end = std::max(end, start + size);
  }
  return end;
}

}  // namespace

bool is_image(std::span<const std::byte> bytes) {
  constexpr std::uint64_t magic_offset = offsetof(ImageHeader, magic);
  const ImageReader reader{bytes};
  return reader.contains(magic_offset, sizeof image_magic) &&
         reader.read<std::uint32_t>(magic_offset, "the magic number") == image_magic;
}

ImageNeeds parse_image_header(std::span<const std::byte> bytes) {
  const ImageHeader header = header_of(bytes);
  // booting.rst: before 3.17 image_size is 0, and the endianness of text_offset is not known.
  if (header.image_size == 0) return {.text_offset = 512_KiB};
  if (header.flags & big_endian) {
    throw BadImage{"a big-endian kernel (flags {:#x}), expected a little-endian one", header.flags};
  }
  if (header.text_offset >= 2_MiB || header.text_offset % sizeof header.code0 != 0) {
    throw BadImage{"an Image with text_offset {:#x}, expected less than 2 MiB in whole words",
                   header.text_offset};
  }
  if (header.image_size < image_header_bytes) {
    throw BadImage{"an Image with image_size {}, which is less than its header", header.image_size};
  }
  return {header.text_offset, header.image_size, page_bytes(header.flags)};
}

void check_image_size(std::span<const std::byte> file, const ImageNeeds& needs) {
  if (needs.image_size != 0 && file.size() > needs.image_size) {
    throw BadImage{"an Image of {} bytes whose header says it needs {} bytes of RAM", file.size(),
                   needs.image_size};
  }
  const std::uint32_t pe_header = header_of(file).pe_header_offset;
  if (pe_header == 0) return;
  const std::uint64_t stored = stored_bytes(ImageReader{file}, pe_header);
  if (stored > file.size()) {
    throw BadImage{"truncated: an Image of {} bytes, expected {}", file.size(), stored};
  }
}

}  // namespace loader::arm64
