#include "loader/compression/compression.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "loader/compression/codec.hpp"

namespace loader {
namespace {

using codec::Extent;
using namespace std::string_view_literals;

struct Format {
  Compression format;
  const char* name;
  std::string_view magic;
  std::size_t (*unpack)(codec::Input, codec::Output, Extent);
};

// In the order of the enumerators.
constexpr std::array<Format, 8> formats{{
    {Compression::Gzip, "gzip", "\x1F\x8B"sv, codec::gzip},
    {Compression::Xz, "xz",
     "\xFD"
     "7zXZ\0"sv,
     codec::xz},
    // Not a magic but the properties byte every encoder uses, and a dictionary of whole KiBs.
    {Compression::Lzma, "lzma", "\x5D\0\0"sv, codec::lzma},
    {Compression::Lz4Legacy, "lz4", "\x02\x21\x4C\x18"sv, codec::lz4_legacy},
    {Compression::Lz4Frame, "lz4", "\x04\x22\x4D\x18"sv, codec::lz4_frame},
    {Compression::Zstd, "zstd", "\x28\xB5\x2F\xFD"sv, codec::zstd},
    {Compression::Bzip2, "bzip2", "BZh"sv, codec::bzip2},
    {Compression::Lzo, "lzo", "\x89LZO\0\r\n\x1A\n"sv, codec::lzo},
}};

const Format& entry_of(Compression format) {
  return formats[static_cast<std::size_t>(format)];
}

bool begins_with(std::span<const std::byte> bytes, std::string_view magic) {
  return bytes.size() >= magic.size() &&
         std::ranges::equal(bytes.first(magic.size()), std::as_bytes(std::span{magic}));
}

}  // namespace

const char* name_of(Compression format) {
  return entry_of(format).name;
}

std::optional<Compression> detect_compression(std::span<const std::byte> bytes) {
  for (const Format& candidate : formats) {
    if (begins_with(bytes, candidate.magic)) return candidate.format;
  }
  return std::nullopt;
}

std::size_t decompress(Compression format, std::span<const std::byte> input,
                       std::span<std::byte> output) {
  return entry_of(format).unpack(input, output, Extent::Whole);
}

std::size_t decompress_prefix(Compression format, std::span<const std::byte> input,
                              std::span<std::byte> output) {
  return entry_of(format).unpack(input, output, Extent::Prefix);
}

}  // namespace loader
