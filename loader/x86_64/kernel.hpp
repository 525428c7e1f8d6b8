// Any Linux kernel file into guest RAM, whatever its format.
#pragma once

#include <cstdint>
#include <optional>

#include "loader/image.hpp"
#include "loader/x86_64/setup_header.hpp"
#include "platform/address.hpp"
#include "platform/guest_memory.hpp"

namespace loader::x86_64 {

/// Which of a kernel's doors to use.
enum class KernelEntry {
  Automatic,  // the ELF inside where there is one we can unpack, else as BzImage
  Elf,        // 64-bit entry of a vmlinux, unpacked from a bzImage if need be
  BzImage,    // 64-bit entry of a bzImage, which unpacks itself
  Pvh,        // 32-bit PVH entry of a vmlinux, unpacked from a bzImage if need be
};

/// How the first vCPU enters the kernel.
enum class BootProtocol {
  Linux64,  // long mode, RSI = boot_params (boot.rst, "64-bit Boot Protocol")
  Pvh32,    // protected mode, EBX = hvm_start_info (Xen docs/misc/pvh.pandoc)
};

/// How the kernel came into RAM.
enum class KernelFormat { Elf, BzImage };

/// What the kernel says about what else it is given.
struct KernelLimits {
  /// Longest command line without its NUL: COMMAND_LINE_SIZE - 1, on x86 unchanged since 2.6.30.
  std::uint32_t command_line_bytes = 2047;
  /// Highest address the initrd's last byte may have. Every 64-bit kernel since 3.8 takes any.
  platform::GuestAddress initrd_last{~std::uint64_t{0}};
};

/// Where a kernel landed, and where its first instruction is.
struct LoadedKernel {
  KernelFormat format = KernelFormat::Elf;
  BootProtocol protocol = BootProtocol::Linux64;
  platform::GuestAddress entry;
  /// RAM the kernel claims until it has read its memory map; nothing else may be put there.
  platform::AddressRange claimed;
  KernelLimits limits;
  /// Of the bzImage the kernel came in, if it came in one.
  std::optional<SetupHeader> setup_header;
};

/// Loads an ELF vmlinux, a bzImage, or either of them compressed as a whole.
/// `ram` must read as zero; what is not loaded stays zero.
/// Throws BadImage if the bytes are no such kernel, lack the entry asked for, or do not fit.
[[nodiscard]] LoadedKernel load_kernel(const Image& image, platform::GuestMemory& ram,
                                       KernelEntry entry = KernelEntry::Automatic);

}  // namespace loader::x86_64
