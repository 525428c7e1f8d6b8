// The smallest file the loader takes for a kernel: one page of code at 2 MiB.
#pragma once

#include <elf.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

/// Lives in the file system while this does.
class KernelFile {
 public:
  static constexpr std::uint64_t entry = 0x200000;

  explicit KernelFile(std::vector<unsigned char> code = {0xF4}) {
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
    std::string bytes(0x1000, '\0');
    std::memcpy(bytes.data(), &header, sizeof header);
    std::memcpy(bytes.data() + sizeof header, &segment, sizeof segment);
    bytes.append(code.begin(), code.end());
    const int file = ::mkstemp(path_.data());
    if (file < 0 ||
        ::write(file, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
      throw std::runtime_error{"cannot write " + path_};
    }
    ::close(file);
  }
  ~KernelFile() { ::unlink(path_.c_str()); }
  KernelFile(const KernelFile&) = delete;
  KernelFile& operator=(const KernelFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/mayfly-test-kernel.XXXXXX";
};
