#include "loader/arm64/zboot.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "loader/image.hpp"

namespace loader::arm64 {
namespace {

constexpr std::uint32_t dos_magic = 0x0000'5A4D;   // "MZ"
constexpr std::uint32_t zimg_magic = 0x676D'697A;  // "zimg"
constexpr std::uint64_t payload_offset_at = 8;
constexpr std::uint64_t payload_size_at = 12;
constexpr std::uint64_t compression_type_at = 24;
constexpr std::uint64_t compression_type_bytes = 0x38 - compression_type_at;
constexpr std::uint64_t pe_header_offset_at = 0x3C;

struct PeMachine {
  std::uint16_t number;
  std::string_view architecture;
};
constexpr std::uint16_t machine_arm64 = 0xAA64;
constexpr std::array other_machines{PeMachine{0x8664, "x86-64"}, PeMachine{0x5064, "riscv"},
                                    PeMachine{0x6264, "loongarch"},
                                    PeMachine{0x01C2, "32-bit arm"}};

void check_machine(const ImageReader& file) {
  const auto pe_header = file.read<std::uint32_t>(pe_header_offset_at, "the PE header's offset");
  const auto machine = file.read<std::uint16_t>(std::uint64_t{pe_header} + 4, "the PE header");
  if (machine == machine_arm64) return;
  const auto other = std::ranges::find(other_machines, machine, &PeMachine::number);
  if (other == other_machines.end()) {
    throw BadImage{"an EFI zboot image for PE machine {:#x}, expected arm64 ({:#x})", machine,
                   machine_arm64};
  }
  throw BadImage{"a kernel for {}, expected one for arm64", other->architecture};
}

/// The name in the header, as far as it can be printed.
std::string compression_type(const ImageReader& file) {
  std::string name;
  for (const std::byte byte :
       file.slice(compression_type_at, compression_type_bytes, "the compression type")) {
    const auto character = std::to_integer<unsigned char>(byte);
    if (character <= ' ' || character > '~') break;
    name += static_cast<char>(character);
  }
  return name;
}

}  // namespace

bool is_zboot(std::span<const std::byte> bytes) {
  const ImageReader reader{bytes};
  return reader.contains(0, 8) && reader.read<std::uint32_t>(0, "the magic number") == dos_magic &&
         reader.read<std::uint32_t>(4, "the image type") == zimg_magic;
}

PackedKernel parse_zboot(std::span<const std::byte> bytes) {
  const ImageReader file{bytes};
  check_machine(file);
  const auto payload = file.slice(file.read<std::uint32_t>(payload_offset_at, "the zboot header"),
                                  file.read<std::uint32_t>(payload_size_at, "the zboot header"),
                                  "the compressed kernel");
  const auto format = detect_compression(payload);
  if (format) return {*format, payload};
  throw BadImage{"an EFI zboot image whose kernel is compressed as '{}', which is not known here",
                 compression_type(file)};
}

}  // namespace loader::arm64
