#include "loader/x86_64/elf.hpp"

#include <elf.h>

#include <cstddef>
#include <cstring>

#include <catch2/generators/catch_generators.hpp>

#include "loader/x86_64/kernel.hpp"
#include "tests/loader/guest_ram.hpp"
#include "tests/loader/x86_64/sample_kernels.hpp"

using loader::Image;
using loader::x86_64::KernelEntry;
using loader::x86_64::load_kernel;

namespace {

/// The sample, with a field of the ELF header changed.
template <typename T>
Bytes with_field(std::size_t offset, T value) {
  Bytes file = samples::make(samples::small_vmlinux());
  std::memcpy(file.data() + offset, &value, sizeof value);
  return file;
}

template <typename T>
Bytes with_program_field(std::size_t offset, T value) {
  return with_field(sizeof(Elf64_Ehdr) + offset, value);
}

loader::x86_64::LoadedKernel load(const Bytes& file, KernelEntry entry = KernelEntry::Automatic,
                                  std::uint64_t ram_bytes = 64_MiB) {
  auto ram = make_ram(ram_bytes);
  return load_kernel(Image{file}, ram, entry);
}

samples::Elf two_segments(std::uint64_t first, std::uint64_t second, std::size_t size = 0x1000) {
  return {.segments = {{.address = first, .content = samples::pattern(size, 1)},
                       {.address = second, .content = samples::pattern(size, 2)}}};
}

}  // namespace

TEST_CASE("ELF: segments go to their physical addresses, and the rest stays zero", "[loader]") {
  const auto elf = samples::small_vmlinux();
  const Bytes file = samples::make(elf);
  auto ram = make_ram(20_MiB);
  const bool from_file = GENERATE(false, true);
  const OpenFile opened{file};
  const auto kernel = load_kernel(Image{file, from_file ? opened.descriptor() : -1}, ram);

  CHECK(kernel.format == loader::x86_64::KernelFormat::Elf);
  CHECK(kernel.protocol == loader::x86_64::BootProtocol::Linux64);
  CHECK(kernel.entry == GuestAddress{0x100'0040});
  CHECK(kernel.claimed == AddressRange{{0x100'0000}, 0xF000});
  CHECK_FALSE(kernel.setup_header);
  for (const auto& segment : elf.segments) {
    CHECK(bytes_at(ram, segment.address, segment.content.size()) == segment.content);
  }
  CHECK(all_zero(ram, 0, 0x100'0000));
  CHECK(all_zero(ram, 0x100'3123, 0x100'4000));
  CHECK(all_zero(ram, 0x100'8345, 20_MiB));
}

TEST_CASE("ELF: segments may come in any order", "[loader]") {
  const Bytes file = samples::make(two_segments(0x40'0000, 0x20'0000));
  auto ram = make_ram();
  const auto kernel = load_kernel(Image{file}, ram);
  CHECK(kernel.claimed == AddressRange{{0x20'0000}, 0x20'1000});
  CHECK(bytes_at(ram, 0x40'0000, 0x1000) == samples::pattern(0x1000, 1));
  CHECK(bytes_at(ram, 0x20'0000, 0x1000) == samples::pattern(0x1000, 2));
}

TEST_CASE("ELF: the PVH entry is the one its note names", "[loader]") {
  const auto kernel = load(samples::make(samples::small_vmlinux()), KernelEntry::Pvh);
  CHECK(kernel.protocol == loader::x86_64::BootProtocol::Pvh32);
  CHECK(kernel.entry == GuestAddress{0x100'0080});

  auto without = samples::small_vmlinux();
  without.pvh_entry.reset();
  CHECK_BAD_IMAGE(load(samples::make(without), KernelEntry::Pvh), "without a PVH entry");
  auto outside = samples::small_vmlinux();
  outside.pvh_entry = 0x200'0000;
  CHECK_BAD_IMAGE(load(samples::make(outside), KernelEntry::Pvh),
                  "PVH entry point 0x2000000 lies outside the kernel");
}

TEST_CASE("ELF: a file cut anywhere before the end of its segments is refused", "[loader]") {
  samples::Elf elf = two_segments(0x20'0000, 0x30'0000, 40);
  elf.segments[0].file_offset = 200;
  elf.segments[1].file_offset = 240;
  const Bytes file = samples::make(elf);
  for (std::size_t size = 0; size < file.size(); ++size) {
    CAPTURE(size);
    CHECK_THROWS_AS(load(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size))),
                    BadImage);
  }
  CHECK_NOTHROW(load(file));
}

TEST_CASE("ELF: files for other machines are refused by name", "[loader]") {
  CHECK_BAD_IMAGE(load(with_field(EI_CLASS, std::uint8_t{ELFCLASS32})), "a 32-bit ELF file");
  CHECK_BAD_IMAGE(load(with_field(EI_DATA, std::uint8_t{ELFDATA2MSB})), "a big-endian ELF file");
  CHECK_BAD_IMAGE(load(with_field(offsetof(Elf64_Ehdr, e_machine), std::uint16_t{EM_AARCH64})),
                  "for machine 183, expected 62");
}

TEST_CASE("ELF: unsound headers are refused", "[loader]") {
  CHECK_BAD_IMAGE(load(with_field(offsetof(Elf64_Ehdr, e_phentsize), std::uint16_t{32})),
                  "program headers of 32 bytes, expected 56");
  CHECK_BAD_IMAGE(load(with_field(offsetof(Elf64_Ehdr, e_phnum), std::uint16_t{65})),
                  "65 ELF program headers, expected at most 64");
  CHECK_BAD_IMAGE(load(with_field(offsetof(Elf64_Ehdr, e_phnum), std::uint16_t{0})),
                  "without a segment to load");
  CHECK_BAD_IMAGE(load(with_field(offsetof(Elf64_Ehdr, e_phoff), ~std::uint64_t{0})), "truncated");
  CHECK_BAD_IMAGE(load(with_field(offsetof(Elf64_Ehdr, e_entry), std::uint64_t{0x3000})),
                  "entry point 0x3000 lies in no segment");
  CHECK_BAD_IMAGE(load(with_field(offsetof(Elf64_Ehdr, e_entry), std::uint64_t{0x9000'0000})),
                  "entry point 0x90000000 lies in no segment");
}

TEST_CASE("ELF: segments that cannot be are refused", "[loader]") {
  CHECK_BAD_IMAGE(load(with_program_field(offsetof(Elf64_Phdr, p_memsz), std::uint64_t{1})),
                  "12579 bytes in the file but only 1 in memory");
  CHECK_BAD_IMAGE(load(with_program_field(offsetof(Elf64_Phdr, p_paddr), ~std::uint64_t{0xFFF})),
                  "wrap around the address space");
  CHECK_BAD_IMAGE(load(with_program_field(offsetof(Elf64_Phdr, p_offset), ~std::uint64_t{0xFF})),
                  "wrap around");
  CHECK_BAD_IMAGE(load(with_program_field(offsetof(Elf64_Phdr, p_offset), std::uint64_t{1_MiB})),
                  "truncated: the ELF segment at 0x1000000 reaches to offset");
  CHECK_BAD_IMAGE(load(samples::make(two_segments(0x20'0000, 0x20'0FFF))),
                  "ELF segments at 0x200000 and 0x200fff overlap");
  CHECK_BAD_IMAGE(load(samples::make(two_segments(0x20'0000, 0x20'0000))), "overlap");
  CHECK_BAD_IMAGE(load(samples::make(two_segments(0xF'F000, 0x20'0000))),
                  "segment at 0xff000, expected none below 0x100000");
}

TEST_CASE("ELF: a kernel that RAM has no room for is refused", "[loader]") {
  const auto elf = two_segments(0x20'0000, 0x3FF'F001);
  CHECK_BAD_IMAGE(load(samples::make(elf)), "occupies 0x200000-0x4000000, of which not all is RAM");
  CHECK_NOTHROW(load(samples::make(elf), KernelEntry::Elf, 65_MiB));
  auto ram = make_ram({{{0}, 16_MiB}, {{4_GiB}, 16_MiB}});
  const Bytes across_gap = samples::make(two_segments(0x20'0000, 4_GiB));
  CHECK_BAD_IMAGE(load_kernel(Image{across_gap}, ram), "not all is RAM");
}

TEST_CASE("ELF: damaged notes are passed over", "[loader]") {
  Bytes file = samples::make(samples::small_vmlinux());
  const std::size_t notes_at = sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr);
  Elf64_Phdr header;
  std::memcpy(&header, file.data() + notes_at, sizeof header);
  const std::uint32_t huge = 0xFFFF'FFFF;
  std::memcpy(file.data() + header.p_offset, &huge, sizeof huge);
  CHECK_BAD_IMAGE(load(file, KernelEntry::Pvh), "without a PVH entry");
}
