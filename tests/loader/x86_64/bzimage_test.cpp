#include "loader/x86_64/bzimage.hpp"

#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/loader/guest_ram.hpp"
#include "tests/loader/x86_64/sample_kernels.hpp"

using loader::Compression;
using loader::Image;
using loader::x86_64::KernelEntry;
using loader::x86_64::load_kernel;
using loader::x86_64::parse_bzimage;

namespace {

samples::BzImage usual(Compression format = Compression::Zstd) {
  const Bytes file = samples::make(samples::small_vmlinux());
  samples::BzImage image{.payload = samples::compress(format, file)};
  loader::append(image.payload, static_cast<std::uint32_t>(file.size()));
  return image;
}

/// What a change to the header leads to.
template <typename Change>
void check_refused(Change change, const char* message) {
  auto image = usual();
  change(image);
  CHECK_BAD_IMAGE(parse_bzimage(samples::make(image)), message);
}

}  // namespace

TEST_CASE("bzImage: is known by its magic", "[loader]") {
  CHECK(loader::x86_64::is_bzimage(samples::make(usual())));
  CHECK_FALSE(loader::x86_64::is_bzimage(samples::make(samples::small_vmlinux())));
  CHECK_FALSE(loader::x86_64::is_bzimage({}));
  Bytes file = samples::make(usual());
  file[0x1FE] = std::byte{0};
  CHECK_FALSE(loader::x86_64::is_bzimage(file));
}

TEST_CASE("bzImage: its parts lie where the header says", "[loader]") {
  auto image = usual();
  const auto parts = parse_bzimage(samples::make(image));
  CHECK(parts.kernel.offset == 4 * 512);
  CHECK(parts.kernel.size_bytes % 16 == 0);
  CHECK(parts.payload.offset == 4 * 512 + 0x2C0);
  CHECK(parts.payload.size_bytes == image.payload.size());

  image.header.setup_sects = 0;  // means 4
  CHECK(parse_bzimage(samples::make(image)).kernel.offset == 5 * 512);

  // A signature behind the kernel is not part of it; a size of 0 means all there is.
  Bytes signed_file = samples::make(image);
  const std::size_t unsigned_bytes = signed_file.size();
  signed_file.resize(unsigned_bytes + 1000);
  CHECK(parse_bzimage(signed_file).kernel.size_bytes == unsigned_bytes - 5 * 512);
  image.fill_in_sizes = false;
  CHECK(parse_bzimage(samples::make(image)).kernel.size_bytes == unsigned_bytes - 5 * 512);
}

TEST_CASE("bzImage: fields beyond the header's end read as zero", "[loader]") {
  auto image = usual();
  image.header.jump_distance = 0x250 - 0x202;  // ends before setup_data
  CHECK(parse_bzimage(samples::make(image)).header.init_size == 0);
  CHECK(parse_bzimage(samples::make(image)).header.payload_length != 0);
}

TEST_CASE("bzImage: one without a 64-bit entry is refused", "[loader]") {
  check_refused([](auto& image) { image.header.version = 0x020B; },
                "boot protocol 2.11, expected 2.12 or later");
  check_refused([](auto& image) { image.header.loadflags = 0; }, "a zImage");
  check_refused([](auto& image) { image.header.xloadflags = 0x7E; }, "a 32-bit bzImage");
  check_refused([](auto& image) { image.header.kernel_alignment = 0x30'0000; },
                "kernel_alignment 0x300000, expected a power of two");
  check_refused(
      [](auto& image) {
        image.fill_in_sizes = false;
        image.header.payload_offset = 0xFFFF'FFFF;
        image.header.payload_length = 0xFFFF'FFFF;
      },
      "whose payload ends at 8589934590");
}

TEST_CASE("bzImage: a file cut anywhere is refused", "[loader]") {
  const Bytes file = samples::make(usual());
  const KernelEntry entry = GENERATE(KernelEntry::Automatic, KernelEntry::BzImage);
  auto ram = make_ram();
  // The kernel's build pads to 16 bytes at the very end; syssize cannot tell that they are gone.
  for (std::size_t size = 0; size + 16 <= file.size(); ++size) {
    CAPTURE(size);
    const std::span<const std::byte> cut{file.data(), size};
    CHECK_THROWS_AS(load_kernel(Image{cut}, ram, entry), BadImage);
  }
}

TEST_CASE("bzImage: by its own entry it lies where it will run and has room to unpack",
          "[loader]") {
  auto image = usual();
  const Bytes file = samples::make(image);
  auto ram = make_ram();
  const OpenFile opened{file};
  const auto kernel = load_kernel(Image{file, opened.descriptor()}, ram, KernelEntry::BzImage);
  CHECK(kernel.format == loader::x86_64::KernelFormat::BzImage);
  CHECK(kernel.entry == GuestAddress{0x100'0200});
  CHECK(kernel.claimed == AddressRange{{16_MiB}, 1_MiB});  // to pref_address + init_size
  CHECK(bytes_at(ram, 16_MiB, file.size() - 4 * 512) == Bytes(file.begin() + 4 * 512, file.end()));
  CHECK(kernel.setup_header->init_size == image.header.init_size);

  image.header.relocatable_kernel = 0;
  image.header.pref_address = 0x200'0000;
  CHECK(load_kernel(Image{samples::make(image)}, ram, KernelEntry::BzImage).claimed ==
        AddressRange{{32_MiB}, 1_MiB});
  image.header.pref_address = 0x10'0000;
  image.header.init_size = 0;
  CHECK(load_kernel(Image{samples::make(image)}, ram, KernelEntry::BzImage).claimed.size_bytes ==
        file.size() - 4 * 512);
  image.header.pref_address = ~std::uint64_t{0xF};
  image.header.init_size = 0x10;
  const Bytes at_the_end = samples::make(image);
  CHECK_BAD_IMAGE(load_kernel(Image{at_the_end}, ram, KernelEntry::BzImage),
                  "at the end of the address space");
}

TEST_CASE("bzImage: by its own entry it lies at 1 MiB where it cannot lie higher", "[loader]") {
  auto image = usual();
  auto ram = make_ram();
  image.header.relocatable_kernel = 0;
  image.header.pref_address = 0x8'0000;
  const auto low = load_kernel(Image{samples::make(image)}, ram, KernelEntry::BzImage);
  CHECK(low.claimed.start == GuestAddress{1_MiB});
  CHECK(low.entry == GuestAddress{0x10'0200});
}

TEST_CASE("bzImage: RAM too small to unpack in is refused", "[loader]") {
  const Bytes file = samples::make(usual());
  auto ram = make_ram(17_MiB - 4_KiB);
  CHECK_BAD_IMAGE(load_kernel(Image{file}, ram, KernelEntry::BzImage),
                  "needs 0x1000000-0x10fffff to unpack itself");
}

TEST_CASE("bzImage: the kernel inside is unpacked, whatever packed it", "[loader]") {
  const Compression format = GENERATE(from_range(samples::all_formats));
  CAPTURE(loader::name_of(format));
  const Bytes file = samples::make(usual(format));
  auto ram = make_ram();
  const auto kernel = load_kernel(Image{file}, ram);
  CHECK(kernel.format == loader::x86_64::KernelFormat::Elf);
  CHECK(kernel.entry == GuestAddress{0x100'0040});
  CHECK(kernel.setup_header);
  CHECK(bytes_at(ram, 0x100'0000, 0x3123) == samples::small_vmlinux().segments[0].content);

  auto other = make_ram();
  CHECK(load_kernel(Image{file}, other, KernelEntry::Pvh).entry == GuestAddress{0x100'0080});
}

TEST_CASE("bzImage: what it unpacks to is bounded by init_size", "[loader]") {
  auto image = usual();
  image.header.init_size = 0x8000;
  auto ram = make_ram();
  const Bytes file = samples::make(image);
  CHECK_BAD_IMAGE(load_kernel(Image{file}, ram), "unpacks to more than the 32768 bytes");
}

TEST_CASE("bzImage: an unknown packer leaves its own entry", "[loader]") {
  samples::BzImage image{.payload = samples::pattern(5000)};
  const Bytes file = samples::make(image);
  auto ram = make_ram();
  CHECK(load_kernel(Image{file}, ram).entry == GuestAddress{0x100'0200});
  CHECK_BAD_IMAGE(load_kernel(Image{file}, ram, KernelEntry::Elf), "compressed in an unknown way");
}

TEST_CASE("bzImage: limits for command line and initrd come from the header", "[loader]") {
  auto header = samples::usual_header();
  header.cmdline_size = 777;
  CHECK(loader::x86_64::limits_of(header).command_line_bytes == 777);
  CHECK(loader::x86_64::limits_of(header).initrd_last == GuestAddress{~std::uint64_t{0}});
  header.xloadflags = loader::x86_64::Kernel64;
  CHECK(loader::x86_64::limits_of(header).initrd_last == GuestAddress{0x7FFF'FFFF});
}
