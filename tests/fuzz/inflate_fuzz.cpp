// Deflate, against zlib: both unpack the same, or both refuse. Behind a history and before some
// room the fast loop runs, without them the careful one.
#include <algorithm>
#include <cstring>
#include <vector>

#include "loader/compression/inflate.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/zlib_judge.hpp"

namespace {

using loader::codec::Inflater;
using loader::codec::InflateResult;
using zlib_judge::Bytes;

constexpr std::size_t room = 256 * 1024;

std::optional<Bytes> inflate(const Bytes& packed, loader::codec::InflateLoop loop) {
  Bytes output(room);
  Inflater inflater{packed, output, loop};
  while (!inflater.was_last_block()) {
    if (inflater.unpack_block() != InflateResult::BlockEnds) return std::nullopt;
  }
  output.resize(inflater.size_written());
  return output;
}

void compare(const Bytes& packed) {
  const auto expected = zlib_judge::inflate(packed, room);
  require(inflate(packed, loader::codec::portable_inflate_loop) == expected);
  require(inflate(packed, loader::codec::inflate_loop()) == expected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* const bytes = reinterpret_cast<const std::byte*>(data);
  compare(Bytes(bytes, bytes + size));
  Bytes roomy = zlib_judge::history();
  roomy.insert(roomy.end(), bytes, bytes + size);
  roomy.resize(roomy.size() + 64);
  compare(roomy);
  return 0;
}
