// LZO1X in the frame of lzop, as the kernel's build makes it. All numbers are big-endian.
//
// Header: magic (9), version u16, library u16, [needed u16 if version >= 0x0940], method u8,
//         [level u8 likewise], flags u32, [filter u32 by a flag], mode u32, mtime u32,
//         [mtime_high u32 likewise], name length u8, name, header checksum u32.
// Block:  unpacked size u32 (0 ends), packed size u32, [checksums by flags], data.
#include <lzo/lzo1x.h>

#include <algorithm>
#include <bit>
#include <vector>

#include "loader/compression/codec.hpp"

namespace loader::codec {
namespace {

enum Flag : std::uint32_t {
  Adler32Unpacked = 0x001,
  Adler32Packed = 0x002,
  Crc32Unpacked = 0x100,
  Crc32Packed = 0x200,
  Filter = 0x800,
};
constexpr std::uint16_t version_with_level = 0x0940;
constexpr std::uint32_t max_block_bytes = std::uint32_t{64} << 20;  // lzop's own limit

/// Walks the frame from its magic on.
class Cursor {
 public:
  explicit Cursor(Input input) : reader_{input} {}

  void skip(std::uint64_t size_bytes) { (void)take(size_bytes); }
  Input take(std::uint64_t size_bytes) {
    const Input bytes = reader_.slice(at_, size_bytes, "lzo data");
    at_ += size_bytes;
    return bytes;
  }
  template <std::unsigned_integral T>
  T number() {
    T value = 0;
    for (const std::byte digit : take(sizeof(T))) {
      value = static_cast<T>(static_cast<std::uint64_t>(value) << 8 | std::to_integer<T>(digit));
    }
    return value;
  }

 private:
  ImageReader reader_;
  std::uint64_t at_ = 0;
};

/// Returns the flags.
std::uint32_t read_header(Cursor& cursor) {
  cursor.skip(9);
  const auto version = cursor.number<std::uint16_t>();
  cursor.skip(2);
  if (version >= version_with_level) cursor.skip(2);
  cursor.skip(1);
  if (version >= version_with_level) cursor.skip(1);
  const auto flags = cursor.number<std::uint32_t>();
  if (flags & Filter) cursor.skip(4);
  cursor.skip(8);
  if (version >= version_with_level) cursor.skip(4);
  cursor.skip(cursor.number<std::uint8_t>());
  cursor.skip(4);
  return flags;
}

void unpack_block(Input packed, Output output) {
  if (packed.size() == output.size()) {  // would not shrink: stored
    std::ranges::copy(packed, output.begin());
    return;
  }
  lzo_uint size_written = output.size();
  const int result = ::lzo1x_decompress_safe(
      reinterpret_cast<const lzo_bytep>(const_cast<std::byte*>(packed.data())), packed.size(),
      reinterpret_cast<lzo_bytep>(output.data()), &size_written, nullptr);
  if (result != LZO_E_OK || size_written != output.size()) fail_damaged("lzo");
}

struct Block {
  std::uint32_t unpacked_bytes;
  Input packed;
};

/// The next block; an empty one at the end.
Block read_block(Cursor& cursor, std::uint32_t flags) {
  const auto unpacked_bytes = cursor.number<std::uint32_t>();
  if (unpacked_bytes == 0) return {};
  const auto packed_bytes = cursor.number<std::uint32_t>();
  if (unpacked_bytes > max_block_bytes || packed_bytes > unpacked_bytes) fail_damaged("lzo");
  cursor.skip(4 * static_cast<unsigned>(std::popcount(flags & (Adler32Unpacked | Crc32Unpacked))));
  if (packed_bytes < unpacked_bytes) {
    cursor.skip(4 * static_cast<unsigned>(std::popcount(flags & (Adler32Packed | Crc32Packed))));
  }
  return {unpacked_bytes, cursor.take(packed_bytes)};
}

std::size_t prefix(const Block& block, Output output) {
  std::vector<std::byte> unpacked(block.unpacked_bytes);
  unpack_block(block.packed, unpacked);
  const std::size_t size_bytes = std::min(unpacked.size(), output.size());
  std::ranges::copy_n(unpacked.begin(), static_cast<std::ptrdiff_t>(size_bytes), output.begin());
  return size_bytes;
}

}  // namespace

std::size_t lzo(Input input, Output output, Extent extent) {
  Cursor cursor{input};
  const std::uint32_t flags = read_header(cursor);
  std::size_t size_written = 0;
  for (Block block = read_block(cursor, flags); block.unpacked_bytes != 0;
       block = read_block(cursor, flags)) {
    if (extent == Extent::Prefix) return prefix(block, output);
    if (block.unpacked_bytes > output.size() - size_written) fail_too_large("lzo", output.size());
    unpack_block(block.packed, output.subspan(size_written, block.unpacked_bytes));
    size_written += block.unpacked_bytes;
  }
  return size_written;
}

}  // namespace loader::codec
