// The smallest file the loader takes for an x86_64 kernel: one page of code at 2 MiB.
#pragma once

#include <elf.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/support/temporary_file.hpp"

class KernelFile {
 public:
  static constexpr std::uint64_t entry = 0x200000;

  explicit KernelFile(const std::vector<unsigned char>& code = {0xF4}) : file_{elf(code)} {}

  [[nodiscard]] const std::string& path() const { return file_.path(); }

 private:
  static std::vector<std::byte> elf(const std::vector<unsigned char>& code) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_entry = entry;
    header.e_phoff = sizeof header;
    header.e_ehsize = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 1;
    Elf64_Phdr segment{};
    segment.p_type = PT_LOAD;
    segment.p_flags = PF_R | PF_X;
    segment.p_offset = 0x1000;
    segment.p_paddr = segment.p_vaddr = entry;
    segment.p_filesz = segment.p_memsz = code.size();
    segment.p_align = 0x1000;
    std::vector<std::byte> bytes(0x1000 + code.size());
    std::memcpy(bytes.data(), &header, sizeof header);
    std::memcpy(bytes.data() + sizeof header, &segment, sizeof segment);
    std::memcpy(bytes.data() + 0x1000, code.data(), code.size());
    return bytes;
  }

  TemporaryFile file_;
};
