#include "loader/kernel_files.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "loader/image.hpp"

namespace loader {
namespace {

struct Magic {
  std::uint64_t offset;
  std::uint32_t value;
  std::string_view architecture;
};
constexpr std::array magic_numbers{
    Magic{0x38, 0x644D'5241, "arm64"},       // "ARM\x64": Documentation/arch/arm64/booting.rst
    Magic{0x38, 0x0543'5352, "riscv"},       // "RSC\5": Documentation/arch/riscv/boot-image-header
    Magic{0x24, 0x016F'2818, "32-bit arm"},  // zImage
    Magic{0x202, 0x5372'6448, "x86-64"},     // "HdrS": Documentation/arch/x86/boot.rst
};

struct ElfMachine {
  std::uint16_t number;
  std::string_view architecture;
};
constexpr std::array elf_machines{ElfMachine{0x3E, "x86-64"}, ElfMachine{0xB7, "arm64"},
                                  ElfMachine{0xF3, "riscv"}, ElfMachine{0x28, "32-bit arm"}};

constexpr std::uint32_t elf_magic = 0x464C'457F;
constexpr std::uint64_t elf_machine_offset = 18;

bool has(const ImageReader& reader, const Magic& magic) {
  return reader.contains(magic.offset, sizeof magic.value) &&
         reader.read<std::uint32_t>(magic.offset, "magic number") == magic.value;
}

}  // namespace

std::optional<std::string_view> kernel_architecture(std::span<const std::byte> bytes) {
  const ImageReader reader{bytes};
  if (has(reader, {0, elf_magic, {}}) && reader.contains(elf_machine_offset, 2)) {
    const auto number = reader.read<std::uint16_t>(elf_machine_offset, "ELF machine");
    const auto machine = std::ranges::find(elf_machines, number, &ElfMachine::number);
    if (machine != elf_machines.end()) return machine->architecture;
  }
  const auto magic =
      std::ranges::find_if(magic_numbers, [&](const Magic& entry) { return has(reader, entry); });
  if (magic != magic_numbers.end()) return magic->architecture;
  return std::nullopt;
}

std::string first_bytes(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes.first(std::min<std::size_t>(bytes.size(), 4))) {
    text += fmt::format("{}{:02x}", text.empty() ? "" : " ", std::to_integer<unsigned>(byte));
  }
  return text;
}

}  // namespace loader
