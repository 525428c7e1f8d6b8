// LZ4 in the two wrappings that exist: the legacy frame (`lz4 -l`), which kernels use, and the
// modern frame, which `lz4 vmlinux` makes.
//
// Spec: lz4_Frame_format.md, "Legacy frame": magic, then blocks of {u32 size, data}, each of which
//       unpacks to 8 MiB except the last.
#include <lz4.h>
#include <lz4frame.h>

#include <algorithm>
#include <memory>
#include <new>

#include "loader/compression/codec.hpp"

namespace loader::codec {
namespace {

constexpr std::uint64_t magic_bytes = 4;
constexpr std::size_t legacy_block_bytes = std::size_t{8} << 20;
constexpr std::uint32_t legacy_magic = 0x184C2102;

/// Unpacks one block to the start of `output`; returns the bytes written.
std::size_t legacy_block(Input block, Output output, Extent extent) {
  const int room_bytes = static_cast<int>(std::min(output.size(), legacy_block_bytes));
  const char* from = reinterpret_cast<const char*>(block.data());
  char* to = reinterpret_cast<char*>(output.data());
  const int block_bytes = static_cast<int>(block.size());
  const int result =
      extent == Extent::Prefix
          ? ::LZ4_decompress_safe_partial(from, to, block_bytes, room_bytes, room_bytes)
          : ::LZ4_decompress_safe(from, to, block_bytes, room_bytes);
  if (result >= 0) return static_cast<std::size_t>(result);
  // The library does not tell a damaged block from one that is too large for its place.
  if (output.size() < legacy_block_bytes) {
    throw BadImage{"lz4 data is damaged, or unpacks to more than there is room for"};
  }
  fail_damaged("lz4");
}

struct FreeContext {
  void operator()(LZ4F_dctx* context) const { ::LZ4F_freeDecompressionContext(context); }
};

}  // namespace

std::size_t lz4_legacy(Input input, Output output, Extent extent) {
  const ImageReader reader{input};
  std::size_t size_written = 0;
  // Fewer than five bytes hold no block: that is the size word which the kernel's build appends.
  for (std::uint64_t at = magic_bytes; reader.size_bytes() - at > sizeof(std::uint32_t);) {
    const auto block_bytes = reader.read<std::uint32_t>(at, "lz4 block size");
    at += sizeof block_bytes;
    if (block_bytes == legacy_magic) continue;  // streams may be joined
    if (!reader.contains(at, block_bytes) || block_bytes > LZ4_COMPRESSBOUND(legacy_block_bytes)) {
      fail_damaged("lz4");
    }
    size_written += legacy_block(reader.slice(at, block_bytes, "lz4 block"),
                                 output.subspan(size_written), extent);
    if (extent == Extent::Prefix) return size_written;
    at += block_bytes;
  }
  if (size_written == 0) fail_damaged("lz4");
  return size_written;
}

std::size_t lz4_frame(Input input, Output output, Extent extent) {
  LZ4F_dctx* created = nullptr;
  if (::LZ4F_isError(::LZ4F_createDecompressionContext(&created, LZ4F_VERSION))) {
    throw std::bad_alloc{};
  }
  const std::unique_ptr<LZ4F_dctx, FreeContext> context{created};
  // Everything written stays where it is, so the library may look back at it in place.
  LZ4F_decompressOptions_t options{};
  options.stableDst = 1;
  std::size_t size_written = 0;
  while (size_written < output.size() || extent == Extent::Whole) {
    std::size_t room_bytes = output.size() - size_written;
    std::size_t input_bytes = input.size();
    const std::size_t result = ::LZ4F_decompress(context.get(), output.data() + size_written,
                                                 &room_bytes, input.data(), &input_bytes, &options);
    if (::LZ4F_isError(result)) fail_damaged("lz4");
    size_written += room_bytes;
    input = input.subspan(input_bytes);
    if (result == 0) break;
    if (room_bytes == 0 && input_bytes == 0) {
      if (size_written == output.size()) fail_too_large("lz4", output.size());
      fail_damaged("lz4");
    }
  }
  return size_written;
}

}  // namespace loader::codec
