// What each codec offers to compression.cpp; nobody else includes this.
#pragma once

#include <cstddef>
#include <span>

#include "loader/image.hpp"

namespace loader::codec {

/// How much of the stream is wanted.
enum class Extent { Whole, Prefix };

using Input = std::span<const std::byte>;
using Output = std::span<std::byte>;

[[nodiscard]] std::size_t gzip(Input input, Output output, Extent extent);
[[nodiscard]] std::size_t xz(Input input, Output output, Extent extent);
[[nodiscard]] std::size_t lzma(Input input, Output output, Extent extent);
[[nodiscard]] std::size_t lz4_legacy(Input input, Output output, Extent extent);
[[nodiscard]] std::size_t lz4_frame(Input input, Output output, Extent extent);
[[nodiscard]] std::size_t zstd(Input input, Output output, Extent extent);
[[nodiscard]] std::size_t bzip2(Input input, Output output, Extent extent);
[[nodiscard]] std::size_t lzo(Input input, Output output, Extent extent);

[[noreturn]] inline void fail_damaged(const char* format) {
  throw BadImage{"damaged or truncated {} data", format};
}
[[noreturn]] inline void fail_too_large(const char* format, std::size_t limit_bytes) {
  throw BadImage{"{} data unpacks to more than the {} bytes there is room for", format,
                 limit_bytes};
}

}  // namespace loader::codec
