// bzImages: whatever the input is, it gets the two magic numbers, so that the header and the
// payload behind it are what is fuzzed.
#include <cstring>
#include <vector>

#include "fuzz_kernel.hpp"
#include "loader/x86_64/setup_header.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> file(size);
  if (size != 0) std::memcpy(file.data(), data, size);
  constexpr std::size_t boot_flag_at = 0x1FE;
  constexpr std::size_t magic_at = 0x202;
  if (size >= magic_at + sizeof loader::x86_64::setup_magic) {
    std::memcpy(file.data() + boot_flag_at, &loader::x86_64::setup_boot_flag,
                sizeof loader::x86_64::setup_boot_flag);
    std::memcpy(file.data() + magic_at, &loader::x86_64::setup_magic, sizeof loader::x86_64::setup_magic);
  }
  load_fuzzed_kernel(file, loader::x86_64::KernelEntry::Automatic);
  load_fuzzed_kernel(file, loader::x86_64::KernelEntry::BzImage);
  return 0;
}
