// Any arm64 Linux kernel file into guest RAM, whatever its format.
#pragma once

#include <cstdint>
#include <optional>

#include "loader/image.hpp"
#include "platform/address.hpp"
#include "platform/guest_memory.hpp"

namespace loader::arm64 {

/// How the kernel came.
enum class KernelFormat {
  Image,
  PackedImage,  // an Image compressed as a file: Image.gz
  Zboot,        // an EFI zboot image, vmlinuz.efi
};

/// Where a kernel landed. Its first instruction is the first of `claimed`.
struct LoadedKernel {
  KernelFormat format = KernelFormat::Image;
  /// RAM the kernel claims until it has read its memory map; nothing else may be put there.
  platform::AddressRange claimed;
  /// The only size of pages it can run with: 4, 16 or 64 KiB; nothing if it does not say.
  std::optional<std::uint64_t> page_bytes = {};
};

/// Loads an Image, one compressed as a file, or an EFI zboot image, to the lowest 2 MiB boundary of
/// RAM (plus the kernel's text_offset). Any kernel runs there; those before 4.6 do not use what is
/// below them.
///
/// `ram` must read as zero; what is not loaded stays zero, as bss must be.
/// Throws BadImage if the bytes are no such kernel, or do not fit.
[[nodiscard]] LoadedKernel load_kernel(const Image& image, platform::GuestMemory& ram);

}  // namespace loader::arm64
