// bzImage: setup code with a header, and a kernel that unpacks itself, around a compressed vmlinux.
//
// Spec: Documentation/arch/x86/boot.rst.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "loader/image.hpp"
#include "loader/x86_64/kernel.hpp"
#include "loader/x86_64/setup_header.hpp"
#include "loader/x86_64/unpack.hpp"
#include "platform/guest_memory.hpp"

namespace loader::x86_64 {

/// Parts of a file that begins with a sound setup header.
struct BzImage {
  SetupHeader header;
  FileRange kernel;   // the protected-mode code, which runs; everything after the setup code
  FileRange payload;  // the compressed vmlinux within it; empty if the header names none
};

[[nodiscard]] bool is_bzimage(std::span<const std::byte> bytes);

/// Throws BadImage unless it has a 64-bit entry point and is as long as it says.
[[nodiscard]] BzImage parse_bzimage(std::span<const std::byte> bytes);

/// What the header says about command line and initrd.
[[nodiscard]] KernelLimits limits_of(const SetupHeader& header);

/// The payload, if it is packed in a way known here. boot.rst: it "is currently always ELF".
[[nodiscard]] std::optional<PackedElf> packed_elf_in(const BzImage& parts, const Image& image,
                                                     std::uint64_t ram_bytes);

/// Puts the self-unpacking kernel at pref_address, or where that is no RAM at 1 MiB, to be entered
/// at its 64-bit entry point.
///
/// boot.rst: a kernel that is not relocatable moves itself to pref_address from wherever it is. So
/// either kind may lie there from the start, in pages that it needs anyway.
[[nodiscard]] LoadedKernel load_bzimage(const BzImage& parts, const Image& image,
                                        platform::GuestMemory& ram);

}  // namespace loader::x86_64
