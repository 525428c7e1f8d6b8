// gzip (RFC 1952). libdeflate unpacks whole buffers about twice as fast as zlib, which is kept for
// the one thing libdeflate cannot do: stop early.
#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "loader/compression/codec.hpp"

namespace loader::codec {
namespace {

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* decompressor) const {
    libdeflate_free_decompressor(decompressor);
  }
};

std::size_t whole(Input input, Output output) {
  const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor{
      libdeflate_alloc_decompressor()};
  if (!decompressor) throw std::bad_alloc{};
  std::size_t size_read = 0;
  std::size_t size_written = 0;
  switch (libdeflate_gzip_decompress_ex(decompressor.get(), input.data(), input.size(),
                                        output.data(), output.size(), &size_read, &size_written)) {
    case LIBDEFLATE_SUCCESS:
      return size_written;
    case LIBDEFLATE_INSUFFICIENT_SPACE:
      fail_too_large("gzip", output.size());
    default:
      fail_damaged("gzip");
  }
}

std::size_t prefix(Input input, Output output) {
  z_stream stream{};
  // zlib does not write to its input; it only lacks the const.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(input.data()));
  constexpr std::size_t most = std::numeric_limits<uInt>::max();
  stream.avail_in = static_cast<uInt>(std::min(input.size(), most));
  stream.next_out = reinterpret_cast<Bytef*>(output.data());
  stream.avail_out = static_cast<uInt>(std::min(output.size(), most));
  constexpr int gzip_wrapper = 16;
  if (::inflateInit2(&stream, MAX_WBITS + gzip_wrapper) != Z_OK) throw std::bad_alloc{};
  const int result = ::inflate(&stream, Z_SYNC_FLUSH);
  const std::size_t size_written = stream.total_out;
  ::inflateEnd(&stream);
  if (result != Z_STREAM_END && size_written < output.size()) fail_damaged("gzip");
  return size_written;
}

}  // namespace

std::size_t gzip(Input input, Output output, Extent extent) {
  return extent == Extent::Whole ? whole(input, output) : prefix(input, output);
}

}  // namespace loader::codec
