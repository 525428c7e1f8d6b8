// Sizes as people write them: 256M, 4G.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vmm {

/// A whole number of bytes, or of K, M, G or T (powers of 1024; "MiB" and "MB" spellings are not
/// taken: they differ). Empty for anything else, and for what does not fit 64 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

/// The shortest exact spelling that parse_size reads back: 512M, 5G, 4097.
[[nodiscard]] std::string format_size(std::uint64_t size_bytes);

}  // namespace vmm
