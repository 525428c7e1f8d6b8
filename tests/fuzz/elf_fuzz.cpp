// Kernels by what their first bytes say they are: ELF files, bzImages, and either compressed.
#include "fuzz_kernel.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = std::as_bytes(std::span{data, size});
  load_fuzzed_kernel(file, loader::x86_64::KernelEntry::Automatic);
  load_fuzzed_kernel(file, loader::x86_64::KernelEntry::Pvh);
  return 0;
}
