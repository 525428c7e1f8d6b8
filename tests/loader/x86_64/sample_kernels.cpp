#include "tests/loader/x86_64/sample_kernels.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>

#include "runtime/units.hpp"

namespace samples {
namespace {

constexpr std::uint64_t page_bytes = 4096;

template <typename T>
void store(Bytes& bytes, std::uint64_t offset, const T& value) {
  bytes.resize(std::max<std::uint64_t>(bytes.size(), offset + sizeof value));
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

void store_bytes(Bytes& bytes, std::uint64_t offset, const Bytes& content) {
  bytes.resize(std::max<std::uint64_t>(bytes.size(), offset + content.size()));
  std::ranges::copy(content, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
}

Elf64_Ehdr file_header(const Elf& elf, std::uint16_t program_headers) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_entry = elf.entry != 0 || elf.segments.empty() ? elf.entry : elf.segments[0].address;
  header.e_phoff = sizeof header;
  header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = program_headers;
  return header;
}

/// Two notes, of which the second names the PVH entry.
Bytes notes(std::uint32_t pvh_entry) {
  Bytes bytes;
  loader::append(bytes, Elf64_Nhdr{.n_namesz = 6, .n_descsz = 5, .n_type = 18});
  for (const char character :
       {'L', 'i', 'n', 'u', 'x', '\0', '\0', '\0', '1', '2', '3', '4', '5', '\0', '\0', '\0'}) {
    loader::append(bytes, character);
  }
  loader::append(bytes, Elf64_Nhdr{.n_namesz = 4, .n_descsz = 8, .n_type = 18});
  for (const char character : {'X', 'e', 'n', '\0'}) loader::append(bytes, character);
  loader::append(bytes, std::uint64_t{pvh_entry});
  return bytes;
}

}  // namespace

Bytes pattern(std::size_t size, unsigned seed) {
  Bytes bytes(size);
  std::uint32_t state = seed * 2'654'435'761u + 1;
  for (std::byte& byte : bytes) {
    state = state * 1'664'525u + 1'013'904'223u;
    // Only a few values, so that it can be compressed.
    byte = static_cast<std::byte>(1 + (state >> 24) % 13 * 16 + seed % 15);
  }
  return bytes;
}

Bytes make(const Elf& elf) {
  Bytes file;
  const std::size_t headers = elf.segments.size() + (elf.pvh_entry ? 1 : 0);
  store(file, 0, file_header(elf, static_cast<std::uint16_t>(headers)));
  std::uint64_t header_at = sizeof(Elf64_Ehdr);
  file.resize(header_at + headers * sizeof(Elf64_Phdr));
  for (const Segment& segment : elf.segments) {
    const std::uint64_t offset =
        segment.file_offset.value_or(runtime::align_up(file.size(), page_bytes));
    store(
        file, header_at,
        Elf64_Phdr{.p_type = PT_LOAD,
                   .p_flags = PF_R | PF_X,
                   .p_offset = offset,
                   .p_vaddr = 0xFFFF'FFFF'8000'0000 + segment.address,
                   .p_paddr = segment.address,
                   .p_filesz = segment.content.size(),
                   .p_memsz = segment.memory_bytes ? segment.memory_bytes : segment.content.size(),
                   .p_align = page_bytes});
    header_at += sizeof(Elf64_Phdr);
    if (!segment.content.empty()) store_bytes(file, offset, segment.content);
  }
  if (elf.pvh_entry) {
    const Bytes content = notes(*elf.pvh_entry);
    const std::uint64_t offset = runtime::align_up(file.size(), 4);
    store(file, header_at,
          Elf64_Phdr{.p_type = PT_NOTE,
                     .p_flags = PF_R,
                     .p_offset = offset,
                     .p_vaddr = 0,
                     .p_paddr = 0,
                     .p_filesz = content.size(),
                     .p_memsz = content.size(),
                     .p_align = 4});
    store_bytes(file, offset, content);
  }
  loader::append(file, elf.tail);
  return file;
}

Elf small_vmlinux() {
  return {
      .segments = {{.address = 0x100'0000, .content = pattern(0x3123, 1), .file_offset = 0x1000},
                   {.address = 0x100'4000, .content = pattern(0x1800, 2), .file_offset = 0x6000},
                   {.address = 0x100'6000,
                    .content = pattern(0x2345, 3),
                    .memory_bytes = 0x9000,
                    .file_offset = 0x9000}},
      .entry = 0x100'0040,
      .pvh_entry = 0x100'0080,
      .tail = pattern(0x1777, 4)};
}

loader::x86_64::SetupHeader usual_header() {
  loader::x86_64::SetupHeader header{};
  header.setup_sects = 3;
  header.boot_flag = loader::x86_64::setup_boot_flag;
  header.jump_opcode = 0xEB;
  header.jump_distance = 0x6A;
  header.header = loader::x86_64::setup_magic;
  header.version = 0x020F;
  header.loadflags = loader::x86_64::LoadedHigh;
  header.initrd_addr_max = 0x7FFF'FFFF;
  header.kernel_alignment = 0x20'0000;
  header.relocatable_kernel = 1;
  header.min_alignment = 21;
  header.xloadflags = loader::x86_64::Kernel64 | loader::x86_64::CanBeLoadedAbove4G;
  header.cmdline_size = 2047;
  header.pref_address = 0x100'0000;
  header.init_size = 0x10'0000;
  return header;
}

Bytes make(const BzImage& image) {
  const std::uint64_t setup_sectors = image.header.setup_sects ? image.header.setup_sects : 4u;
  const std::uint64_t kernel_at = (setup_sectors + 1) * 512;
  constexpr std::uint64_t payload_offset = 0x2C0;
  loader::x86_64::SetupHeader header = image.header;
  Bytes file(kernel_at);
  loader::append(file, pattern(payload_offset, 7));
  loader::append(file, image.payload);
  file.resize(runtime::align_up(file.size(), 16));
  if (image.fill_in_sizes) {
    header.syssize = static_cast<std::uint32_t>((file.size() - kernel_at) / 16);
    header.payload_offset = payload_offset;
    header.payload_length = static_cast<std::uint32_t>(image.payload.size());
  }
  store(file, loader::x86_64::setup_header_offset, header);
  return file;
}

}  // namespace samples
