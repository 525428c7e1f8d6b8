// The header of an arm64 `Image`: what a kernel says about where it runs and how much RAM it needs.
//
// Spec:  Linux Documentation/arch/arm64/booting.rst, 4.
// Trust: none; the file may be another's, cut short or made to do harm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace loader::arm64 {

inline constexpr std::size_t image_header_bytes = 64;

/// What a sound header asks for.
struct ImageNeeds {
  /// From a 2 MiB boundary to the first instruction; below 2 MiB.
  std::uint64_t text_offset = 0;
  /// RAM from the first instruction on; 0: a kernel before 3.17, which does not say.
  std::uint64_t image_size = 0;
  /// 4, 16 or 64 KiB; nothing if it does not say, as older kernels do not.
  std::optional<std::uint64_t> page_bytes = {};
};

/// Whether the file begins with such a header. It may begin with "MZ" too: the same bytes are an
/// instruction and the start of an EFI application.
[[nodiscard]] bool is_image(std::span<const std::byte> bytes);

/// Throws BadImage for a big-endian kernel, or a place or size that makes no sense. Needs the first
/// `image_header_bytes` of the file.
[[nodiscard]] ImageNeeds parse_image_header(std::span<const std::byte> bytes);

/// Throws BadImage if the whole file, given here, ends before what its PE header says is in it (an
/// Image with an EFI stub has one), or is longer than the RAM it asks for.
void check_image_size(std::span<const std::byte> file, const ImageNeeds& needs);

}  // namespace loader::arm64
