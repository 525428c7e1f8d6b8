// Writes arm64 kernels into a folder, as a fuzz target's first inputs.
#include <cstdio>
#include <fstream>
#include <string>

#include "tests/loader/arm64/sample_images.hpp"
#include "tests/loader/x86_64/sample_kernels.hpp"

namespace {

void write(const std::string& path, const loader::Bytes& bytes) {
  std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(bytes.data()),
                                              static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: arm64_image_seeds FOLDER\n", stderr);
    return 2;
  }
  const std::string folder = argv[1];
  using samples::ArmImage;
  const ArmImage images[] = {{.file_bytes = 700},
                             {.text_offset = 0x8'0000, .pe_header = 0, .file_bytes = 100},
                             {.image_size = 0, .flags = 0, .pe_header = 0, .file_bytes = 100}};
  int number = 0;
  for (const ArmImage& image : images) {
    const loader::Bytes file = make(image);
    const std::string name = folder + "/" + std::to_string(number++);
    write(name + ".image", file);
    for (const loader::Compression format : samples::all_formats) {
      const loader::Bytes packed = samples::compress(format, file);
      const std::string suffix = std::to_string(static_cast<int>(format));
      write(name + ".packed-" + suffix, packed);
      write(name + ".zboot-" + suffix, make(samples::Zboot{packed}));
    }
  }
}
