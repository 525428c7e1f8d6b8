// What zlib says about Deflate data: the independent judge of a decoder of our own.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace zlib_judge {

using Bytes = std::vector<std::byte>;

/// Unpacks raw Deflate data; nothing if zlib refuses it, or finds no end of it, or more than
/// `room`.
inline std::optional<Bytes> inflate(std::span<const std::byte> packed, std::size_t room) {
  Bytes output(room + 1);  // zlib wants to be given some
  z_stream stream{};
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(output.data());
  stream.avail_out = static_cast<uInt>(output.size());
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) return std::nullopt;
  const int result = ::inflate(&stream, Z_FINISH);
  const std::size_t size = stream.total_out;
  ::inflateEnd(&stream);
  if (result != Z_STREAM_END || size > room) return std::nullopt;
  output.resize(size);
  return output;
}

/// A stored block that is not the last: 32 KiB to look back into, behind which nothing in a decoder
/// needs to be as careful as at the start.
inline Bytes history() {
  constexpr std::size_t size = 32768;
  Bytes block{std::byte{0}, std::byte{0x00}, std::byte{0x80}, std::byte{0xFF}, std::byte{0x7F}};
  for (std::size_t i = 0; i < size; ++i) block.push_back(static_cast<std::byte>(i * 7 + i / 256));
  return block;
}

}  // namespace zlib_judge
