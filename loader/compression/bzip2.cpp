// bzip2, by libbz2.
#include <bzlib.h>

#include <algorithm>
#include <limits>
#include <new>

#include "loader/compression/codec.hpp"

namespace loader::codec {
namespace {

constexpr std::size_t most_bytes = std::numeric_limits<unsigned>::max();

class Decoder {
 public:
  Decoder() {
    if (::BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) throw std::bad_alloc{};
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { ::BZ2_bzDecompressEnd(&stream_); }

  bz_stream& stream() { return stream_; }

 private:
  bz_stream stream_{};
};

}  // namespace

std::size_t bzip2(Input input, Output output, Extent extent) {
  Decoder decoder;
  bz_stream& stream = decoder.stream();
  // The library does not write to its input; it only lacks the const.
  stream.next_in = const_cast<char*>(reinterpret_cast<const char*>(input.data()));
  stream.avail_in = static_cast<unsigned>(std::min(input.size(), most_bytes));
  stream.next_out = reinterpret_cast<char*>(output.data());
  const unsigned room_bytes = static_cast<unsigned>(std::min(output.size(), most_bytes));
  stream.avail_out = room_bytes;
  const int result = ::BZ2_bzDecompress(&stream);
  if (result == BZ_MEM_ERROR) throw std::bad_alloc{};
  const bool full = result == BZ_OK && stream.avail_out == 0;
  if (full && extent == Extent::Whole) fail_too_large("bzip2", output.size());
  if (!full && result != BZ_STREAM_END) fail_damaged("bzip2");
  return room_bytes - stream.avail_out;
}

}  // namespace loader::codec
