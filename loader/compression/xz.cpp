// xz and its predecessor lzma ("LZMA_Alone"), by liblzma.
#include <lzma.h>

#include <new>

#include "loader/compression/codec.hpp"

namespace loader::codec {
namespace {

// Kernels use dictionaries of 32 MiB (128 MiB since 6.12); a header can ask for 4 GiB.
constexpr std::uint64_t memory_limit_bytes = std::uint64_t{256} << 20;

class Decoder {
 public:
  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { ::lzma_end(&stream_); }

  lzma_stream* stream() { return &stream_; }

  std::size_t run(const char* format, Input input, Output output, Extent extent) {
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(input.data());
    stream_.avail_in = input.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(output.data());
    stream_.avail_out = output.size();
    lzma_ret result = LZMA_OK;
    while (result == LZMA_OK && (stream_.avail_out > 0 || extent == Extent::Whole)) {
      result = ::lzma_code(&stream_, LZMA_FINISH);
    }
    if (result == LZMA_MEM_ERROR) throw std::bad_alloc{};
    const bool full = stream_.avail_out == 0;
    if (result != LZMA_STREAM_END && !(full && extent == Extent::Prefix)) {
      // With input left and no room, the decoder reports that it cannot go on.
      if (full && result == LZMA_BUF_ERROR) fail_too_large(format, output.size());
      fail_damaged(format);
    }
    return output.size() - stream_.avail_out;
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

}  // namespace

std::size_t xz(Input input, Output output, Extent extent) {
  Decoder decoder;
  if (::lzma_stream_decoder(decoder.stream(), memory_limit_bytes, 0) != LZMA_OK) {
    throw std::bad_alloc{};
  }
  return decoder.run("xz", input, output, extent);
}

std::size_t lzma(Input input, Output output, Extent extent) {
  Decoder decoder;
  if (::lzma_alone_decoder(decoder.stream(), memory_limit_bytes) != LZMA_OK) throw std::bad_alloc{};
  return decoder.run("lzma", input, output, extent);
}

}  // namespace loader::codec
