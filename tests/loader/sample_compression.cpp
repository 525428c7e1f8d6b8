#include <bzlib.h>
#include <lz4.h>
#include <lz4frame.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <string_view>

#include "tests/loader/x86_64/sample_kernels.hpp"

namespace samples {
namespace {

using namespace std::string_view_literals;

void expect(bool condition) {
  if (!condition) throw std::runtime_error{"could not compress a sample"};
}

Bytef* raw(Bytes& bytes) {
  return reinterpret_cast<Bytef*>(bytes.data());
}
Bytef* raw(const Bytes& bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}
std::size_t room_for(const Bytes& bytes) {
  return bytes.size() + bytes.size() / 8 + 4096;
}

Bytes gzip(const Bytes& bytes) {
  z_stream stream{};
  expect(::deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  Bytes packed(room_for(bytes));
  stream.next_in = raw(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = raw(packed);
  stream.avail_out = static_cast<uInt>(packed.size());
  expect(::deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  return packed;
}

Bytes xz(const Bytes& bytes) {
  Bytes packed(room_for(bytes));
  std::size_t size = 0;
  expect(::lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, nullptr, raw(bytes), bytes.size(),
                                   raw(packed), &size, packed.size()) == LZMA_OK);
  packed.resize(size);
  return packed;
}

Bytes lzma(const Bytes& bytes) {
  lzma_options_lzma options{};
  expect(!::lzma_lzma_preset(&options, 6));
  lzma_stream stream = LZMA_STREAM_INIT;
  expect(::lzma_alone_encoder(&stream, &options) == LZMA_OK);
  Bytes packed(room_for(bytes));
  stream.next_in = raw(bytes);
  stream.avail_in = bytes.size();
  stream.next_out = raw(packed);
  stream.avail_out = packed.size();
  expect(::lzma_code(&stream, LZMA_FINISH) == LZMA_STREAM_END);
  packed.resize(stream.total_out);
  ::lzma_end(&stream);
  return packed;
}

Bytes lz4_legacy(const Bytes& bytes) {
  constexpr std::size_t block_bytes = std::size_t{8} << 20;
  Bytes packed;
  loader::append(packed, std::uint32_t{0x184C2102});
  for (std::size_t at = 0; at < bytes.size(); at += block_bytes) {
    const int size = static_cast<int>(std::min(block_bytes, bytes.size() - at));
    Bytes block(static_cast<std::size_t>(::LZ4_compressBound(size)));
    const int packed_size = ::LZ4_compress_default(reinterpret_cast<const char*>(bytes.data() + at),
                                                   reinterpret_cast<char*>(block.data()), size,
                                                   static_cast<int>(block.size()));
    expect(packed_size > 0);
    block.resize(static_cast<std::size_t>(packed_size));
    loader::append(packed, static_cast<std::uint32_t>(packed_size));
    loader::append(packed, block);
  }
  return packed;
}

Bytes lz4_frame(const Bytes& bytes) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  Bytes packed(::LZ4F_compressFrameBound(bytes.size(), &preferences));
  const std::size_t size =
      ::LZ4F_compressFrame(packed.data(), packed.size(), bytes.data(), bytes.size(), &preferences);
  expect(!::LZ4F_isError(size));
  packed.resize(size);
  return packed;
}

Bytes zstd(const Bytes& bytes) {
  Bytes packed(::ZSTD_compressBound(bytes.size()));
  const std::size_t size =
      ::ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 3);
  expect(!::ZSTD_isError(size));
  packed.resize(size);
  return packed;
}

Bytes bzip2(const Bytes& bytes) {
  Bytes packed(room_for(bytes));
  auto size = static_cast<unsigned>(packed.size());
  expect(::BZ2_bzBuffToBuffCompress(reinterpret_cast<char*>(raw(packed)), &size,
                                    reinterpret_cast<char*>(raw(bytes)),
                                    static_cast<unsigned>(bytes.size()), 9, 0, 0) == BZ_OK);
  packed.resize(size);
  return packed;
}

template <typename T>
void append_big_endian(Bytes& bytes, T value) {
  for (unsigned shift = sizeof value * 8; shift > 0; shift -= 8) {
    loader::append(bytes, static_cast<std::uint8_t>(value >> (shift - 8)));
  }
}

/// As `lzop -9` writes it: with Adler-32 of what was packed.
Bytes lzo(const Bytes& bytes) {
  constexpr std::size_t block_bytes = std::size_t{256} << 10;
  constexpr std::uint32_t adler32_of_unpacked = 1;
  Bytes packed;
  loader::append(packed, std::as_bytes(std::span{"\x89LZO\0\r\n\x1A\n"sv}));
  append_big_endian<std::uint16_t>(packed, 0x1030);  // lzop, library, needed
  append_big_endian<std::uint16_t>(packed, 0x20A0);
  append_big_endian<std::uint16_t>(packed, 0x0940);
  loader::append(packed, std::uint8_t{3});
  loader::append(packed, std::uint8_t{9});
  append_big_endian<std::uint32_t>(packed, adler32_of_unpacked);
  append_big_endian<std::uint32_t>(packed, 0100644);
  append_big_endian<std::uint64_t>(packed, 0);
  loader::append(packed, std::uint8_t{2});  // a name
  loader::append(packed, std::uint16_t{0x7878});
  append_big_endian<std::uint32_t>(packed, 0x12345678);
  std::vector<std::byte> work(LZO1X_1_MEM_COMPRESS);
  for (std::size_t at = 0; at < bytes.size(); at += block_bytes) {
    const std::size_t size = std::min(block_bytes, bytes.size() - at);
    Bytes block(size + size / 8 + 128);
    lzo_uint packed_size = block.size();
    expect(::lzo1x_1_compress(raw(bytes) + at, size, raw(block), &packed_size, work.data()) ==
           LZO_E_OK);
    const bool stored = packed_size >= size;
    append_big_endian(packed, static_cast<std::uint32_t>(size));
    append_big_endian(packed, static_cast<std::uint32_t>(stored ? size : packed_size));
    append_big_endian<std::uint32_t>(packed, 0xADADADAD);
    loader::append(
        packed, std::span{stored ? bytes.data() + at : block.data(), stored ? size : packed_size});
  }
  append_big_endian<std::uint32_t>(packed, 0);
  return packed;
}

}  // namespace

Bytes compress(loader::Compression format, const Bytes& bytes) {
  switch (format) {
    case loader::Compression::Gzip:
      return gzip(bytes);
    case loader::Compression::Xz:
      return xz(bytes);
    case loader::Compression::Lzma:
      return lzma(bytes);
    case loader::Compression::Lz4Legacy:
      return lz4_legacy(bytes);
    case loader::Compression::Lz4Frame:
      return lz4_frame(bytes);
    case loader::Compression::Zstd:
      return zstd(bytes);
    case loader::Compression::Bzip2:
      return bzip2(bytes);
    case loader::Compression::Lzo:
      return lzo(bytes);
  }
  throw std::runtime_error{"no such format"};
}

}  // namespace samples
