// EFI zboot images (vmlinuz.efi): an EFI application that carries a compressed kernel.
//
// Spec: Linux drivers/firmware/efi/libstub/zboot-header.S; Documentation/arch/arm64 has none.
#pragma once

#include <cstddef>
#include <span>

#include "loader/compression/compression.hpp"

namespace loader::arm64 {

struct PackedKernel {
  Compression format;
  std::span<const std::byte> bytes;
};

[[nodiscard]] bool is_zboot(std::span<const std::byte> bytes);

/// The kernel inside. Throws BadImage if it is for another architecture, cut short, or packed in an
/// unknown way.
[[nodiscard]] PackedKernel parse_zboot(std::span<const std::byte> bytes);

}  // namespace loader::arm64
