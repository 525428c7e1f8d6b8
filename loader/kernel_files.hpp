// What a file is that the loader of one architecture cannot use: for its message.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace loader {

/// Whose Linux kernel begins like this ("x86-64", "arm64", "riscv", "32-bit arm"): by the magic
/// number of a bzImage, an Image or a zImage, or by an ELF file's machine. Nothing if by none.
[[nodiscard]] std::optional<std::string_view> kernel_architecture(std::span<const std::byte> bytes);

/// "1f 8b 08 00": the first bytes, at most four.
[[nodiscard]] std::string first_bytes(std::span<const std::byte> bytes);

}  // namespace loader
