// arm64 kernels by what their first bytes say they are: Images, EFI zboot images, and compressed
// ones.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "loader/arm64/kernel.hpp"
#include "loader/arm64/layout.hpp"
#include "platform/guest_memory.hpp"

namespace {

/// A kernel that loads lies in RAM, and tables and initrd beside it; one that does not is refused
/// by BadImage and nothing else.
void check(const loader::arm64::LoadedKernel& kernel, const platform::GuestMemory& ram) {
  const auto tables = loader::arm64::table_area(kernel.claimed);
  if (!ram.contains(kernel.claimed) || tables.overlaps(kernel.claimed)) std::abort();
  const auto initrd = loader::arm64::find_initrd_place(4096, kernel.claimed, ram);
  if (!ram.contains(initrd) || initrd.overlaps(kernel.claimed) || initrd.overlaps(tables)) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t ram_start = 1 << 30;
  constexpr std::array ram_ranges{platform::AddressRange{{ram_start}, std::uint64_t{64} << 20}};
  platform::GuestMemory ram{ram_ranges};
  try {
    check(loader::arm64::load_kernel({std::as_bytes(std::span{data, size})}, ram), ram);
  } catch (const loader::BadImage&) {
  }
  return 0;
}
