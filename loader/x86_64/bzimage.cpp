#include "loader/x86_64/bzimage.hpp"

#include <algorithm>
#include <bit>

#include "loader/placement.hpp"
#include "loader/x86_64/low_memory.hpp"
#include "runtime/units.hpp"

namespace loader::x86_64 {
namespace {

using platform::AddressRange;
using platform::GuestAddress;

constexpr std::uint16_t oldest_version = 0x020C;  // the first with xloadflags
constexpr std::uint64_t entry_offset = 0x200;
constexpr std::uint64_t sector_bytes = 512;

/// The header ends where its jump instruction goes to; a field beyond that end reads as zero.
SetupHeader read_header(const ImageReader& reader) {
  constexpr std::uint64_t distance_counts_from = 0x202;
  const auto distance = reader.read<std::uint8_t>(distance_counts_from - 1, "the setup header");
  const std::uint64_t end = distance_counts_from + distance;
  const std::uint64_t size_bytes =
      std::min<std::uint64_t>(end - setup_header_offset, sizeof(SetupHeader));
  SetupHeader header{};
  std::memcpy(&header, reader.slice(setup_header_offset, size_bytes, "the setup header").data(),
              size_bytes);
  return header;
}

void check_header(const SetupHeader& header) {
  if (header.version < oldest_version) {
    throw BadImage{"a bzImage of boot protocol {}.{:02}, expected 2.12 or later (Linux 3.8)",
                   header.version >> 8, header.version & 0xFF};
  }
  if (!(header.loadflags & LoadedHigh)) {
    throw BadImage{"a zImage (loadflags {:#x}), expected a bzImage", unsigned{header.loadflags}};
  }
  if (!(header.xloadflags & Kernel64)) {
    throw BadImage{"a 32-bit bzImage (xloadflags {:#x}), expected one with a 64-bit entry point",
                   +header.xloadflags};
  }
  if (header.relocatable_kernel && !std::has_single_bit(+header.kernel_alignment)) {
    throw BadImage{"a bzImage with kernel_alignment {:#x}, expected a power of two",
                   +header.kernel_alignment};
  }
}

FileRange kernel_part(const SetupHeader& header, std::uint64_t file_bytes) {
  const std::uint64_t setup_sectors = header.setup_sects == 0 ? 4u : header.setup_sects;
  const std::uint64_t start = (setup_sectors + 1) * sector_bytes;
  // syssize counts paragraphs, so the file may end up to 15 bytes before it; a signature may
  // follow.
  constexpr std::uint64_t paragraph_bytes = 16;
  const std::uint64_t stated_bytes = header.syssize * paragraph_bytes;
  const std::uint64_t rest_bytes = file_bytes > start ? file_bytes - start : 0;
  if (rest_bytes <= entry_offset || rest_bytes + paragraph_bytes <= stated_bytes) {
    throw BadImage{"truncated: a bzImage whose kernel has {} bytes from offset {} on, expected {}",
                   rest_bytes, start, std::max(stated_bytes, entry_offset + 1)};
  }
  return {start, stated_bytes == 0 ? rest_bytes : std::min(stated_bytes, rest_bytes)};
}

FileRange payload_part(const SetupHeader& header, FileRange kernel) {
  const std::uint64_t end = std::uint64_t{header.payload_offset} + header.payload_length;
  if (end > kernel.size_bytes) {
    throw BadImage{"a bzImage whose payload ends at {}, after its kernel, which ends at {}", end,
                   kernel.size_bytes};
  }
  return {kernel.offset + header.payload_offset, header.payload_length};
}

GuestAddress place_of(const BzImage& parts, const platform::GuestMemory& ram) {
  const GuestAddress preferred{parts.header.pref_address};
  const bool possible =
      preferred >= low_memory::end && ram.contains({preferred, parts.kernel.size_bytes});
  return possible ? preferred : low_memory::end;
}

/// From where the kernel lies to the end of the room in which it unpacks itself.
AddressRange claimed_ram(const BzImage& parts, GuestAddress start) {
  const SetupHeader& header = parts.header;
  std::uint64_t runtime_start = header.pref_address;
  if (header.relocatable_kernel) {
    // boot.rst has the kernel run where it is, aligned; in fact it does not go below pref_address.
    const auto aligned = runtime::align_up(start.value, std::uint64_t{header.kernel_alignment});
    runtime_start = std::max(runtime_start, aligned);
  }
  if (runtime_start > ~std::uint64_t{header.init_size}) {
    throw BadImage{"a bzImage that wants to run at {:#x}, at the end of the address space",
                   runtime_start};
  }
  const std::uint64_t end =
      std::max(start.value + parts.kernel.size_bytes, runtime_start + header.init_size);
  return {start, end - start.value};
}

}  // namespace

bool is_bzimage(std::span<const std::byte> bytes) {
  const ImageReader reader{bytes};
  return reader.contains(0, 0x206) &&
         reader.read<std::uint16_t>(0x1FE, "boot_flag") == setup_boot_flag &&
         reader.read<std::uint32_t>(0x202, "header") == setup_magic;
}

BzImage parse_bzimage(std::span<const std::byte> bytes) {
  const SetupHeader header = read_header(ImageReader{bytes});
  check_header(header);
  const FileRange kernel = kernel_part(header, bytes.size());
  return {header, kernel, payload_part(header, kernel)};
}

KernelLimits limits_of(const SetupHeader& header) {
  // A kernel that may lie above 4 GiB takes its initrd there too; initrd_addr_max is for those that
  // may not (they keep it for boot loaders that know nothing else).
  const bool anywhere = header.xloadflags & CanBeLoadedAbove4G;
  return {.command_line_bytes = header.cmdline_size,
          .initrd_last = {anywhere ? ~std::uint64_t{0} : header.initrd_addr_max}};
}

/// Unpacked it is at most as large as the kernel says, and never larger than RAM, whatever it says.
std::optional<PackedElf> packed_elf_in(const BzImage& parts, const Image& image,
                                       std::uint64_t ram_bytes) {
  const auto payload = image.bytes.subspan(parts.payload.offset, parts.payload.size_bytes);
  const auto format = detect_compression(payload);
  if (!format) return std::nullopt;
  return PackedElf{
      .format = *format,
      .bytes = payload,
      .limit_bytes = std::min<std::uint64_t>(parts.header.init_size, ram_bytes),
      .relocation_alignment = parts.header.relocatable_kernel ? parts.header.kernel_alignment : 0};
}

LoadedKernel load_bzimage(const BzImage& parts, const Image& image, platform::GuestMemory& ram) {
  const GuestAddress start = place_of(parts, ram);
  const AddressRange claimed = claimed_ram(parts, start);
  if (!ram.contains(claimed)) {
    throw BadImage{
        "the kernel needs {:#x}-{:#x} to unpack itself, of which not all is RAM: more "
        "memory is needed",
        claimed.start.value, claimed.end().value - 1};
  }
  place_bytes(image, parts.kernel, ram, start);
  return {.format = KernelFormat::BzImage,
          .protocol = BootProtocol::Linux64,
          .entry = start + entry_offset,
          .claimed = claimed,
          .limits = limits_of(parts.header),
          .setup_header = parts.header};
}

}  // namespace loader::x86_64
