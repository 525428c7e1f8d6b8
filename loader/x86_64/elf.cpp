#include "loader/x86_64/elf.hpp"

#include <elf.h>

#include <algorithm>
#include <array>

#include "loader/placement.hpp"
#include "loader/x86_64/low_memory.hpp"
#include "runtime/units.hpp"

namespace loader::x86_64 {
namespace {

using platform::AddressRange;
using platform::GuestAddress;

template <typename Header>
Header header_at(const ImageReader& reader, std::uint64_t offset, const char* what) {
  Header header;
  std::memcpy(&header, reader.slice(offset, sizeof header, what).data(), sizeof header);
  return header;
}

Elf64_Ehdr checked_file_header(const ImageReader& reader) {
  const auto ident = reader.slice(0, EI_NIDENT, "the ELF identification");
  const auto byte_at = [&](std::size_t index) { return std::to_integer<unsigned>(ident[index]); };
  if (byte_at(EI_CLASS) != ELFCLASS64) {
    throw BadImage{"a 32-bit ELF file (class {}), expected a 64-bit one", byte_at(EI_CLASS)};
  }
  if (byte_at(EI_DATA) != ELFDATA2LSB) {
    throw BadImage{"a big-endian ELF file (encoding {}), expected little-endian", byte_at(EI_DATA)};
  }
  const auto header = header_at<Elf64_Ehdr>(reader, 0, "the ELF header");
  if (header.e_machine != EM_X86_64) {
    throw BadImage{"an ELF file for machine {}, expected {} (x86-64)", header.e_machine, EM_X86_64};
  }
  if (header.e_phentsize != sizeof(Elf64_Phdr)) {
    throw BadImage{"ELF program headers of {} bytes, expected {}", header.e_phentsize,
                   sizeof(Elf64_Phdr)};
  }
  // A vmlinux has five or six. The limit keeps the work for a hostile file small.
  constexpr unsigned most_program_headers = 64;
  if (header.e_phnum > most_program_headers) {
    throw BadImage{"{} ELF program headers, expected at most {}", header.e_phnum,
                   most_program_headers};
  }
  return header;
}

std::uint64_t program_headers_bytes(const Elf64_Ehdr& header) {
  return std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr);
}

ElfSegment checked_segment(const Elf64_Phdr& header) {
  if (header.p_filesz > header.p_memsz) {
    throw BadImage{"an ELF segment with {} bytes in the file but only {} in memory",
                   header.p_filesz, header.p_memsz};
  }
  if (header.p_memsz > ~header.p_paddr) {
    throw BadImage{"an ELF segment at {:#x} whose {:#x} bytes wrap around the address space",
                   header.p_paddr, header.p_memsz};
  }
  if (header.p_filesz > ~header.p_offset) {
    throw BadImage{"an ELF segment at file offset {:#x} whose {:#x} bytes wrap around",
                   header.p_offset, header.p_filesz};
  }
  if (header.p_paddr < low_memory::end.value) {
    throw BadImage{"an ELF segment at {:#x}, expected none below {:#x}", header.p_paddr,
                   low_memory::end.value};
  }
  return {header.p_offset, header.p_filesz, {GuestAddress{header.p_paddr}, header.p_memsz}};
}

void check_overlaps(const std::vector<ElfSegment>& segments) {
  const auto clash = std::ranges::adjacent_find(segments, [](const auto& left, const auto& right) {
    return left.memory.overlaps(right.memory);
  });
  if (clash == segments.end()) return;
  throw BadImage{"ELF segments at {:#x} and {:#x} overlap", clash->memory.start.value,
                 std::next(clash)->memory.start.value};
}

void check_entry(const ElfLayout& layout) {
  const bool inside = std::ranges::any_of(
      layout.segments, [&](const auto& segment) { return segment.memory.contains(layout.entry); });
  if (!inside) {
    throw BadImage{"entry point {:#x} lies in no segment of the ELF file", layout.entry.value};
  }
}

/// The next note of `notes`, which shrinks by it.
struct Note {
  std::uint32_t type;
  std::span<const std::byte> name;
  std::span<const std::byte> content;
};
std::optional<Note> take_note(std::span<const std::byte>& notes) {
  constexpr std::uint64_t alignment = 4;
  const ImageReader reader{notes};
  if (!reader.contains(0, sizeof(Elf64_Nhdr))) return std::nullopt;
  const auto header = header_at<Elf64_Nhdr>(reader, 0, "ELF note");
  const std::uint64_t name_at = sizeof header;
  const std::uint64_t content_at = name_at + runtime::align_up(header.n_namesz, alignment);
  const std::uint64_t end = content_at + runtime::align_up(header.n_descsz, alignment);
  if (!reader.contains(content_at, header.n_descsz)) return std::nullopt;
  const Note note{header.n_type, notes.subspan(name_at, header.n_namesz),
                  notes.subspan(content_at, header.n_descsz)};
  notes = notes.subspan(std::min<std::uint64_t>(end, notes.size()));
  return note;
}

bool is_pvh_entry(const Note& note) {
  constexpr std::uint32_t phys32_entry = 18;
  constexpr std::array name{std::byte{'X'}, std::byte{'e'}, std::byte{'n'}, std::byte{0}};
  return note.type == phys32_entry && std::ranges::equal(note.name, name) &&
         note.content.size() >= sizeof(std::uint32_t);
}

}  // namespace

void ElfLayout::move_to(GuestAddress start) {
  const std::uint64_t by = start - span().start;  // modulo 2^64 if downwards
  for (ElfSegment& segment : segments) segment.memory.start = segment.memory.start + by;
  entry = entry + by;
}

bool is_elf(std::span<const std::byte> bytes) {
  constexpr std::array magic{std::byte{0x7F}, std::byte{'E'}, std::byte{'L'}, std::byte{'F'}};
  return bytes.size() >= magic.size() && std::ranges::equal(bytes.first(magic.size()), magic);
}

std::uint64_t elf_headers_end(std::span<const std::byte> bytes) {
  const Elf64_Ehdr header = checked_file_header(ImageReader{bytes});
  const std::uint64_t size_bytes = program_headers_bytes(header);
  return header.e_phoff > ~size_bytes ? ~std::uint64_t{0} : header.e_phoff + size_bytes;
}

ElfLayout parse_elf(std::span<const std::byte> bytes) {
  const ImageReader reader{bytes};
  const Elf64_Ehdr file_header = checked_file_header(reader);
  const auto table = reader.slice(file_header.e_phoff, program_headers_bytes(file_header),
                                  "the ELF program header table");
  ElfLayout layout{GuestAddress{file_header.e_entry}, {}, {}};
  for (unsigned index = 0; index < file_header.e_phnum; ++index) {
    const auto header =
        header_at<Elf64_Phdr>(ImageReader{table}, index * sizeof(Elf64_Phdr), "ELF program header");
    if (header.p_type == PT_LOAD && header.p_memsz > 0) {
      layout.segments.push_back(checked_segment(header));
    } else if (header.p_type == PT_NOTE) {
      layout.notes.push_back({header.p_offset, header.p_filesz});
    }
  }
  if (layout.segments.empty()) throw BadImage{"an ELF file without a segment to load"};
  std::ranges::sort(layout.segments, {}, [](const auto& segment) { return segment.memory.start; });
  check_overlaps(layout.segments);
  check_entry(layout);
  return layout;
}

void check_file_size(const ElfLayout& layout, std::uint64_t file_bytes) {
  for (const ElfSegment& segment : layout.segments) {
    if (segment.file_bytes > 0 && segment.file_offset + segment.file_bytes > file_bytes) {
      throw BadImage{"truncated: the ELF segment at {:#x} reaches to offset {}, the file to {}",
                     segment.memory.start.value, segment.file_offset + segment.file_bytes,
                     file_bytes};
    }
  }
}

void check_fits(const ElfLayout& layout, const platform::GuestMemory& ram) {
  const AddressRange span = layout.span();
  if (ram.contains(span)) return;
  throw BadImage{"the kernel occupies {:#x}-{:#x}, of which not all is RAM: more memory is needed",
                 span.start.value, span.end().value - 1};
}

void place_elf(const ElfLayout& layout, const Image& image, platform::GuestMemory& ram) {
  for (const ElfSegment& segment : layout.segments) {
    place_bytes(image, {segment.file_offset, segment.file_bytes}, ram, segment.memory.start);
  }
}

std::optional<GuestAddress> find_pvh_entry(const ElfLayout& layout,
                                           std::span<const std::byte> file) {
  const ImageReader reader{file};
  for (const FileRange range : layout.notes) {
    if (!reader.contains(range.offset, range.size_bytes)) continue;
    auto notes = file.subspan(range.offset, range.size_bytes);
    while (const auto note = take_note(notes)) {
      if (!is_pvh_entry(*note)) continue;
      return GuestAddress{ImageReader{note->content}.read<std::uint32_t>(0, "PVH entry")};
    }
  }
  return std::nullopt;
}

}  // namespace loader::x86_64
