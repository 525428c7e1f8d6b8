// bzImages: whatever the input is, it gets the two magic numbers, so that the header and the
// payload behind it are what is fuzzed.
#include <cstring>
#include <vector>

#include "fuzz_kernel.hpp"
#include "loader/setup_header.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> file(size);
  if (size != 0) std::memcpy(file.data(), data, size);
  constexpr std::size_t boot_flag_at = 0x1FE;
  constexpr std::size_t magic_at = 0x202;
  if (size >= magic_at + sizeof loader::setup_magic) {
    std::memcpy(file.data() + boot_flag_at, &loader::setup_boot_flag,
                sizeof loader::setup_boot_flag);
    std::memcpy(file.data() + magic_at, &loader::setup_magic, sizeof loader::setup_magic);
  }
  load_fuzzed_kernel(file, loader::KernelEntry::Automatic);
  load_fuzzed_kernel(file, loader::KernelEntry::BzImage);
  return 0;
}
