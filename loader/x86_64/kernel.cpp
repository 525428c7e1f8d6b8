#include "loader/x86_64/kernel.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "loader/compression/compression.hpp"
#include "loader/kernel_files.hpp"
#include "loader/x86_64/bzimage.hpp"
#include "loader/x86_64/elf.hpp"
#include "loader/x86_64/unpack.hpp"
#include "runtime/mapping.hpp"

namespace loader::x86_64 {
namespace {

using platform::GuestAddress;
using platform::GuestMemory;

[[noreturn]] void fail_without_bzimage(const char* found) {
  throw BadImage{"{}, which has no bzImage entry; expected a bzImage", found};
}

[[noreturn]] void fail_unknown(std::span<const std::byte> bytes) {
  if (const auto other = kernel_architecture(bytes)) {
    throw BadImage{"a kernel for {}, expected one for x86-64", *other};
  }
  throw BadImage{
      "no kernel: it begins with {}; expected an ELF vmlinux, a bzImage, or one of them "
      "compressed",
      first_bytes(bytes)};
}

/// An ELF kernel in RAM, entered as asked.
LoadedKernel loaded_elf(const ElfLayout& layout, KernelEntry entry,
                        std::optional<GuestAddress> pvh_entry) {
  LoadedKernel kernel;
  kernel.entry = layout.entry;
  kernel.claimed = layout.span();
  if (entry != KernelEntry::Pvh) return kernel;
  if (!pvh_entry) throw BadImage{"a vmlinux without a PVH entry (it needs CONFIG_PVH)"};
  if (!kernel.claimed.contains(*pvh_entry)) {
    throw BadImage{"PVH entry point {:#x} lies outside the kernel", pvh_entry->value};
  }
  kernel.protocol = BootProtocol::Pvh32;
  kernel.entry = *pvh_entry;
  return kernel;
}

LoadedKernel load_vmlinux(const Image& image, GuestMemory& ram, KernelEntry entry) {
  if (entry == KernelEntry::BzImage) fail_without_bzimage("an ELF file");
  const ElfLayout layout = parse_elf(image.bytes);
  check_file_size(layout, image.bytes.size());
  check_fits(layout, ram);
  const auto pvh_entry =
      entry == KernelEntry::Pvh ? find_pvh_entry(layout, image.bytes) : std::nullopt;
  place_elf(layout, image, ram);
  return loaded_elf(layout, entry, pvh_entry);
}

LoadedKernel load_packed_vmlinux(PackedElf packed, GuestMemory& ram, KernelEntry entry) {
  // The PVH entry runs at the address it was linked for.
  if (entry == KernelEntry::Pvh) packed.relocation_alignment = 0;
  const UnpackedElf unpacked = unpack_elf(packed, ram);
  return loaded_elf(unpacked.layout, entry, unpacked.pvh_entry);
}

LoadedKernel load_from_bzimage(const Image& image, GuestMemory& ram, KernelEntry entry) {
  const BzImage parts = parse_bzimage(image.bytes);
  if (entry == KernelEntry::BzImage) return load_bzimage(parts, image, ram);
  const auto packed = packed_elf_in(parts, image, ram.size_bytes());
  if (packed) {
    LoadedKernel kernel = load_packed_vmlinux(*packed, ram, entry);
    kernel.limits = limits_of(parts.header);
    kernel.setup_header = parts.header;
    return kernel;
  }
  if (entry == KernelEntry::Automatic) return load_bzimage(parts, image, ram);
  throw BadImage{
      "a bzImage whose payload is compressed in an unknown way; it can only be booted "
      "by its bzImage entry"};
}

/// A vmlinux or a bzImage that was compressed as a file.
LoadedKernel load_compressed(Compression format, const Image& image, GuestMemory& ram,
                             KernelEntry entry) {
  std::vector<std::byte> start(1024);
  start.resize(decompress_prefix(format, image.bytes, start));
  if (is_elf(start)) {
    if (entry == KernelEntry::BzImage) fail_without_bzimage("a compressed ELF file");
    return load_packed_vmlinux({format, image.bytes, ram.size_bytes()}, ram, entry);
  }
  if (!is_bzimage(start)) fail_unknown(start);
  const auto unpacked = runtime::Mapping::anonymous(ram.size_bytes());
  const std::size_t size_bytes = decompress(format, image.bytes, unpacked.bytes());
  return load_from_bzimage(Image{unpacked.bytes().first(size_bytes)}, ram, entry);
}

}  // namespace

LoadedKernel load_kernel(const Image& image, GuestMemory& ram, KernelEntry entry) {
  if (image.bytes.empty()) throw BadImage{"empty, expected a kernel"};
  if (is_elf(image.bytes)) return load_vmlinux(image, ram, entry);
  if (is_bzimage(image.bytes)) return load_from_bzimage(image, ram, entry);
  if (const auto format = detect_compression(image.bytes)) {
    return load_compressed(*format, image, ram, entry);
  }
  fail_unknown(image.bytes);
}

}  // namespace loader::x86_64
