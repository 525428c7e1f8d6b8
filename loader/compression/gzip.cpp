// gzip (RFC 1952): a header, Deflate data, a checksum. libdeflate takes the checksum, with the
// processor's carry-less multiplication.
#include <libdeflate.h>

#include <algorithm>
#include <memory>

#include "loader/compression/inflate.hpp"

namespace loader::codec {
namespace {

enum Flag : std::uint8_t {
  HeaderChecksum = 1 << 1,
  Extra = 1 << 2,
  Name = 1 << 3,
  Comment = 1 << 4
};

/// Behind a text that ends in a zero byte and begins at `at`.
std::uint64_t skip_text(const ImageReader& reader, std::uint64_t at) {
  const Input rest =
      reader.slice(at, reader.size_bytes() - std::min(at, reader.size_bytes()), "gzip");
  return at + static_cast<std::uint64_t>(std::ranges::find(rest, std::byte{0}) - rest.begin()) + 1;
}

/// Where the Deflate data begins. Spec: 2.3.
Input skip_header(Input input) {
  constexpr std::uint64_t fixed_bytes = 10;
  constexpr std::uint64_t flags_offset = 3;
  const ImageReader reader{input};
  const auto method = reader.read<std::uint8_t>(2, "gzip method");
  constexpr std::uint8_t deflate = 8;
  if (method != deflate) fail_damaged("gzip");
  const auto flags = reader.read<std::uint8_t>(flags_offset, "gzip flags");
  std::uint64_t at = fixed_bytes;
  if (flags & Extra) at += 2 + reader.read<std::uint16_t>(at, "gzip extra field");
  if (flags & Name) at = skip_text(reader, at);
  if (flags & Comment) at = skip_text(reader, at);
  if (flags & HeaderChecksum) at += 2;
  if (!reader.contains(at, 0)) fail_damaged("gzip");
  return input.subspan(at);
}

void check_trailer(Input rest, std::uint32_t checksum, std::size_t size_bytes) {
  const ImageReader reader{rest};
  if (reader.read<std::uint32_t>(0, "gzip checksum") != checksum ||
      reader.read<std::uint32_t>(4, "gzip size") != static_cast<std::uint32_t>(size_bytes)) {
    fail_damaged("gzip");
  }
}

}  // namespace

std::size_t gzip(Input input, Output output, Extent extent) {
  const auto inflater = std::make_unique<Inflater>(skip_header(input), output);
  std::uint32_t checksum = 0;
  std::size_t size_checked = 0;
  while (!inflater->was_last_block()) {
    const InflateResult result = inflater->unpack_block();
    if (result == InflateResult::Damaged) fail_damaged("gzip");
    if (result == InflateResult::OutputFull) {
      if (extent == Extent::Prefix) return output.size();
      fail_too_large("gzip", output.size());
    }
    // While the processor still has them at hand.
    const Input block = output.first(inflater->size_written()).subspan(size_checked);
    checksum = libdeflate_crc32(checksum, block.data(), block.size());
    size_checked += block.size();
  }
  check_trailer(inflater->rest_of_input(), checksum, size_checked);
  return size_checked;
}

}  // namespace loader::codec
