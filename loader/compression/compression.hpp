// The compressed formats kernels come in, unpacked from memory into memory.
//
// Spec:  the formats Linux's lib/decompress_*.c reads; boot.rst "payload_offset" lists their magic.
// Trust: the input may be cut short, damaged, or made to unpack to far more than it should.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace loader {

enum class Compression { Gzip, Xz, Lzma, Lz4Legacy, Lz4Frame, Zstd, Bzip2, Lzo };

[[nodiscard]] const char* name_of(Compression format);

/// By the first bytes; nothing if they begin no format known here.
[[nodiscard]] std::optional<Compression> detect_compression(std::span<const std::byte> bytes);

/// Unpacks one stream and returns the bytes written; whatever follows the stream is ignored (the
/// kernel's build appends a size word). Throws BadImage if the input is damaged or ends early, or
/// if `output` is too small. Up to `decompress_scratch_bytes` of `output` beyond those written may
/// have been used as scratch.
[[nodiscard]] std::size_t decompress(Compression format, std::span<const std::byte> input,
                                     std::span<std::byte> output);

/// How far behind its result a decoder scribbles: zstd keeps a block's literals there.
inline constexpr std::size_t decompress_scratch_bytes = 256 << 10;

/// Unpacks only the beginning: fills `output` unless the stream ends before.
[[nodiscard]] std::size_t decompress_prefix(Compression format, std::span<const std::byte> input,
                                            std::span<std::byte> output);

}  // namespace loader
