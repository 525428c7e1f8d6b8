#include "loader/arm64/kernel.hpp"

#include <algorithm>
#include <array>

#include "loader/arm64/image_header.hpp"
#include "loader/arm64/zboot.hpp"
#include "loader/compression/compression.hpp"
#include "loader/kernel_files.hpp"
#include "loader/placement.hpp"
#include "runtime/units.hpp"

namespace loader::arm64 {
namespace {

using platform::AddressRange;
using platform::GuestAddress;
using platform::GuestMemory;
using namespace runtime::literals;

// A kernel before 3.17 does not say how much its bss takes; none of them took more.
constexpr std::uint64_t unstated_bss_bytes = 16_MiB;

[[noreturn]] void fail_unknown(std::span<const std::byte> bytes) {
  const auto architecture = kernel_architecture(bytes);
  if (architecture == "arm64") throw BadImage{"an ELF file, expected an Image (arch/arm64/boot)"};
  if (architecture) throw BadImage{"a kernel for {}, expected one for arm64", *architecture};
  throw BadImage{
      "no kernel: it begins with {}; expected an arm64 Image, one compressed, or an EFI zboot "
      "image",
      first_bytes(bytes)};
}

/// The stretch of RAM from the kernel's first instruction on.
AddressRange room_for(const ImageNeeds& needs, const GuestMemory& ram) {
  if (ram.regions().empty()) throw BadImage{"there is no RAM to load a kernel to"};
  const AddressRange first = ram.regions().front().guest;
  const GuestAddress start{runtime::align_up(first.start.value, 2_MiB) + needs.text_offset};
  if (!first.contains(start)) {
    throw BadImage{"the kernel starts at {:#x}, where RAM has ended: more memory is needed",
                   start.value};
  }
  return {start, first.end() - start};
}

/// What a kernel takes of the room for it, given the bytes its file has.
AddressRange claim(const ImageNeeds& needs, AddressRange room, std::uint64_t file_bytes) {
  const std::uint64_t size_bytes =
      needs.image_size != 0 ? needs.image_size : file_bytes + unstated_bss_bytes;
  if (size_bytes > room.size_bytes) {
    throw BadImage{
        "the kernel needs {} bytes from {:#x} on, where there are {}: more memory is "
        "needed",
        size_bytes, room.start.value, room.size_bytes};
  }
  return {room.start, size_bytes};
}

LoadedKernel load_image(const Image& image, GuestMemory& ram) {
  const ImageNeeds needs = parse_image_header(image.bytes);
  check_image_size(image.bytes, needs);
  const AddressRange claimed = claim(needs, room_for(needs, ram), image.bytes.size());
  place_bytes(image, {0, image.bytes.size()}, ram, claimed.start);
  return {KernelFormat::Image, claimed, needs.page_bytes};
}

/// Unpacked where it runs: a peek at the header tells where that is.
LoadedKernel load_packed(KernelFormat format, const PackedKernel& packed, GuestMemory& ram) {
  std::array<std::byte, 1024> peeked;
  const std::size_t peeked_bytes = decompress_prefix(packed.format, packed.bytes, peeked);
  const auto start = std::span{peeked}.first(peeked_bytes);
  if (!is_image(start)) fail_unknown(start);
  const ImageNeeds needs = parse_image_header(start);
  AddressRange room = room_for(needs, ram);
  if (needs.image_size != 0) room = claim(needs, room, 0);
  const auto output = ram.host_bytes(room);
  const std::size_t file_bytes = decompress(packed.format, packed.bytes, output);
  check_image_size(output.first(file_bytes), needs);
  clear(ram, {room.start + file_bytes,
              std::min<std::uint64_t>(decompress_scratch_bytes, room.size_bytes - file_bytes)});
  return {format, claim(needs, room, file_bytes), needs.page_bytes};
}

}  // namespace

LoadedKernel load_kernel(const Image& image, GuestMemory& ram) {
  if (image.bytes.empty()) throw BadImage{"empty, expected a kernel"};
  if (is_image(image.bytes)) return load_image(image, ram);
  if (is_zboot(image.bytes)) {
    return load_packed(KernelFormat::Zboot, parse_zboot(image.bytes), ram);
  }
  if (const auto format = detect_compression(image.bytes)) {
    return load_packed(KernelFormat::PackedImage, {*format, image.bytes}, ram);
  }
  fail_unknown(image.bytes);
}

}  // namespace loader::arm64
