#include "loader/arm64/kernel.hpp"

#include <cstring>

#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/loader/arm64/sample_images.hpp"
#include "tests/loader/guest_ram.hpp"
#include "tests/loader/x86_64/sample_kernels.hpp"

using loader::Compression;
using loader::Image;
using loader::arm64::KernelFormat;
using loader::arm64::load_kernel;
using loader::arm64::LoadedKernel;
using samples::ArmImage;
using samples::Zboot;

namespace {

constexpr std::uint64_t ram_start = 1_GiB;

platform::GuestMemory ram_of(std::uint64_t size_bytes = 64_MiB) {
  return make_ram({{{ram_start}, size_bytes}});
}

LoadedKernel loaded(const Bytes& file) {
  auto ram = ram_of();
  return load_kernel(Image{file}, ram);
}

/// Loads, and expects the file at its place, and zeros from its end to the end of RAM.
LoadedKernel load_and_check(const Bytes& file, const Bytes& image) {
  auto ram = ram_of();
  const LoadedKernel kernel = load_kernel(Image{file}, ram);
  const std::uint64_t start = kernel.claimed.start.value;
  CHECK(bytes_at(ram, start, image.size()) == image);
  CHECK(all_zero(ram, start + image.size(), ram_start + 64_MiB));
  return kernel;
}

}  // namespace

TEST_CASE("arm64 kernel: an Image lies at the lowest 2 MiB boundary", "[loader][arm64]") {
  const Bytes file = make(ArmImage{});
  const LoadedKernel kernel = load_and_check(file, file);
  CHECK(kernel.format == KernelFormat::Image);
  CHECK(kernel.claimed == AddressRange{{ram_start}, 4_MiB});
}

TEST_CASE("arm64 kernel: text_offset and a crooked start of RAM are heeded", "[loader][arm64]") {
  const Bytes file = make(ArmImage{.text_offset = 0x8'0000});
  auto ram = make_ram({{{1_GiB + 64_KiB}, 64_MiB}, {{8_GiB}, 64_MiB}});
  const LoadedKernel kernel = load_kernel(Image{file}, ram);
  CHECK(kernel.claimed == AddressRange{{1_GiB + 2_MiB + 0x8'0000}, 4_MiB});
  CHECK(bytes_at(ram, kernel.claimed.start.value, file.size()) == file);
}

TEST_CASE("arm64 kernel: the header tells the size of its pages", "[loader][arm64]") {
  const auto page_bytes = [](std::uint64_t flags) {
    return loaded(make(ArmImage{.flags = flags})).page_bytes;
  };
  CHECK_FALSE(page_bytes(0x8));
  CHECK(page_bytes(0xA) == 4_KiB);
  CHECK(page_bytes(0xC) == 16_KiB);
  CHECK(page_bytes(0xE) == 64_KiB);
  CHECK(page_bytes(0x2) == 4_KiB);
  CHECK_FALSE(loaded(make(ArmImage{.image_size = 0, .flags = 0xE, .pe_header = 0})).page_bytes);
  const Bytes packed = samples::compress(Compression::Gzip, make(ArmImage{.flags = 0xE}));
  CHECK(loaded(packed).page_bytes == 64_KiB);
  CHECK(loaded(make(Zboot{.payload = packed})).page_bytes == 64_KiB);
}

TEST_CASE("arm64 kernel: an Image comes from its file without passing through here",
          "[loader][arm64]") {
  const Bytes file = make(ArmImage{});
  const OpenFile open{file};
  auto ram = ram_of();
  const LoadedKernel kernel = load_kernel(Image{file, open.descriptor()}, ram);
  CHECK(bytes_at(ram, kernel.claimed.start.value, file.size()) == file);
}

TEST_CASE("arm64 kernel: pages of any size, and a kernel that must lie low", "[loader][arm64]") {
  for (const std::uint64_t flags : {0x0, 0x2, 0x8, 0xA, 0xC, 0xE}) {
    CHECK(loaded(make(ArmImage{.flags = flags})).claimed.start == GuestAddress{ram_start});
  }
}

TEST_CASE("arm64 kernel: compressed, it is unpacked in place, and bss is zero", "[loader][arm64]") {
  const Compression format = GENERATE(from_range(samples::all_formats));
  CAPTURE(loader::name_of(format));
  const Bytes image = make(ArmImage{.text_offset = 0x1'0000, .file_bytes = 700'001});
  const Bytes packed = samples::compress(format, image);
  const LoadedKernel kernel = load_and_check(packed, image);
  CHECK(kernel.format == KernelFormat::PackedImage);
  CHECK(kernel.claimed == AddressRange{{ram_start + 0x1'0000}, 4_MiB});

  const LoadedKernel from_zboot = load_and_check(make(Zboot{packed}), image);
  CHECK(from_zboot.format == KernelFormat::Zboot);
  CHECK(from_zboot.claimed == kernel.claimed);
}

TEST_CASE("arm64 kernel: one before 3.17 does not say how large it is", "[loader][arm64]") {
  // text_offset has no known endianness there, so it is not looked at.
  const Bytes file = make(
      ArmImage{.text_offset = 0x0000'0800'0000'0000, .image_size = 0, .flags = 0, .pe_header = 0});
  const AddressRange expected{{ram_start + 512_KiB}, file.size() + 16_MiB};
  CHECK(load_and_check(file, file).claimed == expected);
  const Bytes packed = samples::compress(Compression::Gzip, file);
  CHECK(load_and_check(packed, file).claimed == expected);
  auto small = ram_of(16_MiB);
  CHECK_BAD_IMAGE(load_kernel(Image{file}, small), "more memory is needed");
  CHECK_BAD_IMAGE(load_kernel(Image{packed}, small), "more memory is needed");
}

TEST_CASE("arm64 kernel: kernels for other machines are named", "[loader][arm64]") {
  const Bytes vmlinux = samples::make(samples::small_vmlinux());
  CHECK_BAD_IMAGE(loaded(vmlinux), "a kernel for x86-64, expected one for arm64");
  const Bytes bzimage = samples::make(samples::BzImage{.payload = samples::pattern(5000)});
  CHECK_BAD_IMAGE(loaded(bzimage), "a kernel for x86-64, expected one for arm64");
  CHECK_BAD_IMAGE(loaded(samples::compress(Compression::Gzip, vmlinux)),
                  "a kernel for x86-64, expected one for arm64");
  Bytes riscv(5000);
  std::memcpy(riscv.data() + 0x38, "RSC\x05", 4);
  CHECK_BAD_IMAGE(loaded(riscv), "a kernel for riscv, expected one for arm64");
  Bytes zimage(5000);
  const std::uint32_t zimage_magic = 0x016F'2818;
  std::memcpy(zimage.data() + 0x24, &zimage_magic, sizeof zimage_magic);
  CHECK_BAD_IMAGE(loaded(zimage), "a kernel for 32-bit arm, expected one for arm64");
  Bytes elf = vmlinux;
  elf[18] = std::byte{0xB7};
  CHECK_BAD_IMAGE(loaded(elf), "an ELF file, expected an Image (arch/arm64/boot)");
}

TEST_CASE("arm64 kernel: files that are none are refused by what they are", "[loader][arm64]") {
  CHECK_BAD_IMAGE(loaded({}), "empty, expected a kernel");
  CHECK_BAD_IMAGE(loaded(Bytes(1)), "no kernel: it begins with 00; expected an arm64 Image");
  CHECK_BAD_IMAGE(loaded(Bytes(5000, std::byte{0xAB})), "it begins with ab ab ab ab");
  CHECK_BAD_IMAGE(loaded(samples::compress(Compression::Xz, Bytes(5000, std::byte{0xAB}))),
                  "it begins with ab ab ab ab");
  CHECK_BAD_IMAGE(loaded(samples::compress(Compression::Xz, make(Zboot{samples::pattern(100)}))),
                  "it begins with 4d 5a 00 00");
  Bytes header = make(ArmImage{});
  header.resize(63);
  CHECK_BAD_IMAGE(loaded(header), "truncated: the header of an arm64 Image");
}

TEST_CASE("arm64 kernel: a header that lies is found out", "[loader][arm64]") {
  CHECK_BAD_IMAGE(loaded(make(ArmImage{.flags = 0xB})),
                  "a big-endian kernel (flags 0xb), expected a little-endian one");
  CHECK_BAD_IMAGE(loaded(make(ArmImage{.text_offset = 2_MiB})), "text_offset 0x200000");
  CHECK_BAD_IMAGE(loaded(make(ArmImage{.text_offset = ~std::uint64_t{0} - 3})), "text_offset 0xff");
  CHECK_BAD_IMAGE(loaded(make(ArmImage{.text_offset = 2})), "in whole words");
  CHECK_BAD_IMAGE(loaded(make(ArmImage{.image_size = 63})), "less than its header");
  CHECK_BAD_IMAGE(loaded(make(ArmImage{.image_size = 9'999})),
                  "an Image of 10000 bytes whose header says it needs 9999 bytes of RAM");
  CHECK_BAD_IMAGE(loaded(make(ArmImage{.image_size = ~std::uint64_t{0}})),
                  "the kernel needs 18446744073709551615 bytes from 0x40000000 on, where there are "
                  "67108864: more memory is needed");
  CHECK(loaded(make(ArmImage{.image_size = 64_MiB})).claimed.size_bytes == 64_MiB);
  CHECK_BAD_IMAGE(loaded(make(ArmImage{.image_size = 64_MiB + 1})), "more memory is needed");
}

TEST_CASE("arm64 kernel: a file cut short is found out by its PE header", "[loader][arm64]") {
  CHECK_BAD_IMAGE(loaded(make(ArmImage{.pe_stored_bytes = 10'001})),
                  "truncated: an Image of 10000 bytes, expected 10001");
  CHECK_BAD_IMAGE(loaded(make(ArmImage{.pe_stored_bytes = 0x1000})), "truncated");  // wraps
  Bytes cut = make(ArmImage{});
  for (const std::size_t size : {9'999u, 0x150u, 0x100u, 0x50u, 0x40u}) {
    cut.resize(size);
    CHECK_BAD_IMAGE(loaded(cut), "truncated");
    CHECK_BAD_IMAGE(loaded(samples::compress(Compression::Gzip, cut)), "truncated");
  }
}

TEST_CASE("arm64 kernel: a bomb stops where the kernel's RAM ends", "[loader][large][arm64]") {
  const Compression format = GENERATE(from_range(samples::all_formats));
  Bytes image = make(ArmImage{.pe_header = 0});
  image.resize(20_MiB);
  const Bytes packed = samples::compress(format, image);
  CHECK_BAD_IMAGE(loaded(packed), "unpacks to more than ");
  CHECK_BAD_IMAGE(loaded(make(Zboot{packed})), "unpacks to more than ");
}

TEST_CASE("arm64 kernel: damaged and foreign zboot images are refused", "[loader][arm64]") {
  const Bytes packed = samples::compress(Compression::Gzip, make(ArmImage{}));
  CHECK_BAD_IMAGE(loaded(make(Zboot{.payload = packed, .machine = 0x5064})),
                  "a kernel for riscv, expected one for arm64");
  CHECK_BAD_IMAGE(loaded(make(Zboot{.payload = packed, .machine = 0x1234})), "PE machine 0x1234");
  CHECK_BAD_IMAGE(loaded(make(Zboot{samples::pattern(100), "brotli"})),
                  "whose kernel is compressed as 'brotli', which is not known here");
  CHECK_BAD_IMAGE(loaded(make(Zboot{{}})), "which is not known here");
  Bytes cut = make(Zboot{packed});
  cut.resize(cut.size() - 600);
  CHECK_BAD_IMAGE(loaded(cut), "truncated: the compressed kernel lies at offset 4096");
  for (const std::size_t size : {0x46u, 0x45u, 0x3Fu, 0x10u, 8u}) {
    cut.resize(size);
    CHECK_BAD_IMAGE(loaded(cut), "truncated");
  }
}
