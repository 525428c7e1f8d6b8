#include "loader/x86_64/kernel.hpp"

#include <cstring>

#include "tests/loader/guest_ram.hpp"
#include "tests/loader/x86_64/sample_kernels.hpp"

using loader::Compression;
using loader::Image;
using loader::x86_64::KernelEntry;
using loader::x86_64::load_kernel;

namespace {

Bytes vmlinux() {
  return samples::make(samples::small_vmlinux());
}
Bytes bzimage() {
  return samples::make(samples::BzImage{.payload = samples::compress(Compression::Xz, vmlinux())});
}

GuestAddress entry_of(const Bytes& file, KernelEntry entry = KernelEntry::Automatic) {
  auto ram = make_ram();
  return load_kernel(Image{file}, ram, entry).entry;
}

}  // namespace

TEST_CASE("Kernel: every format is known by its content", "[loader]") {
  CHECK(entry_of(vmlinux()) == GuestAddress{0x100'0040});
  CHECK(entry_of(bzimage()) == GuestAddress{0x100'0040});
  for (const Compression format : samples::all_formats) {
    CHECK(entry_of(samples::compress(format, vmlinux())) == GuestAddress{0x100'0040});
    CHECK(entry_of(samples::compress(format, bzimage())) == GuestAddress{0x100'0040});
  }
}

TEST_CASE("Kernel: the entry asked for is taken, or refused", "[loader]") {
  CHECK(entry_of(vmlinux(), KernelEntry::Elf) == GuestAddress{0x100'0040});
  CHECK(entry_of(vmlinux(), KernelEntry::Pvh) == GuestAddress{0x100'0080});
  CHECK(entry_of(bzimage(), KernelEntry::Elf) == GuestAddress{0x100'0040});
  CHECK(entry_of(bzimage(), KernelEntry::BzImage) == GuestAddress{0x100'0200});
  CHECK(entry_of(samples::compress(Compression::Gzip, bzimage()), KernelEntry::BzImage) ==
        GuestAddress{0x100'0200});
  CHECK_BAD_IMAGE(entry_of(vmlinux(), KernelEntry::BzImage), "has no bzImage entry");
  CHECK_BAD_IMAGE(entry_of(samples::compress(Compression::Gzip, vmlinux()), KernelEntry::BzImage),
                  "has no bzImage entry");
}

TEST_CASE("Kernel: files that are none are refused by what they are", "[loader]") {
  CHECK_BAD_IMAGE(entry_of({}), "empty, expected a kernel");
  CHECK_BAD_IMAGE(entry_of(Bytes(1)), "it begins with 00; expected");
  CHECK_BAD_IMAGE(entry_of(Bytes(5000)), "it begins with 00 00 00 00; expected an ELF vmlinux");
  CHECK_BAD_IMAGE(entry_of(samples::compress(Compression::Gzip, Bytes(5000, std::byte{0xAB}))),
                  "it begins with ab ab ab ab");
  Bytes arm64(5000);
  std::memcpy(arm64.data() + 0x38, "ARM\x64", 4);
  CHECK_BAD_IMAGE(entry_of(arm64), "a kernel for arm64, expected one for x86-64");
}
