// Writes the kernels of the loader's unit tests into a folder, as fuzz targets' first inputs.
#include <cstdio>
#include <fstream>
#include <string>

#include "tests/loader/x86_64/sample_kernels.hpp"

namespace {

void write(const std::string& path, const loader::Bytes& bytes) {
  std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(bytes.data()),
                                              static_cast<std::streamsize>(bytes.size()));
}

/// Small enough to be mutated quickly, with segments to move and a tail to clear.
samples::Elf tiny_vmlinux() {
  return {
      .segments = {{.address = 0x100'0000, .content = samples::pattern(90), .file_offset = 0x200},
                   {.address = 0x100'0100, .content = samples::pattern(70), .file_offset = 0x280},
                   {.address = 0x100'0200,
                    .content = samples::pattern(50),
                    .memory_bytes = 0x1000,
                    .file_offset = 0x480}},
      .pvh_entry = 0x100'0010,
      .tail = samples::pattern(300)};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: kernel_seeds FOLDER\n", stderr);
    return 2;
  }
  const std::string folder = argv[1];
  for (const auto& elf : {tiny_vmlinux(), samples::small_vmlinux()}) {
    const loader::Bytes file = samples::make(elf);
    const std::string name = folder + "/" + std::to_string(file.size());
    write(name + ".elf", file);
    for (const loader::Compression format : samples::all_formats) {
      const loader::Bytes packed = samples::compress(format, file);
      const std::string number = std::to_string(static_cast<int>(format));
      write(name + ".packed-" + number, packed);
      write(name + ".bzimage-" + number, samples::make(samples::BzImage{.payload = packed}));
    }
  }
}
