#include "loader/x86_64/initrd.hpp"

#include "tests/loader/guest_ram.hpp"
#include "tests/loader/x86_64/sample_kernels.hpp"

using loader::Image;
using loader::x86_64::find_initrd_place;
using loader::x86_64::LoadedKernel;
using loader::x86_64::place_initrd;

namespace {

LoadedKernel kernel_at(AddressRange claimed) {
  LoadedKernel kernel;
  kernel.claimed = claimed;
  return kernel;
}

}  // namespace

TEST_CASE("Initrd: lies on the first 2 MiB boundary behind the kernel", "[loader]") {
  const auto ram = make_ram();
  CHECK(find_initrd_place(5_MiB, kernel_at({{16_MiB}, 3_MiB}), ram) ==
        AddressRange{{20_MiB}, 5_MiB});
  CHECK(find_initrd_place(5_MiB, kernel_at({{16_MiB}, 4_MiB}), ram).start == GuestAddress{20_MiB});
  CHECK(find_initrd_place(44_MiB, kernel_at({{16_MiB}, 4_MiB}), ram).start == GuestAddress{20_MiB});
}

TEST_CASE("Initrd: a small one shares the tables' huge page", "[loader]") {
  const auto ram = make_ram();
  const auto kernel = kernel_at({{16_MiB}, 4_MiB});
  CHECK(find_initrd_place(5000, kernel, ram) == AddressRange{{1_MiB}, 5000});
  CHECK(find_initrd_place(1_MiB, kernel, ram) == AddressRange{{1_MiB}, 1_MiB});
  CHECK(find_initrd_place(1_MiB + 1, kernel, ram).start == GuestAddress{20_MiB});
  CHECK(find_initrd_place(5000, kernel_at({{1_MiB}, 4_MiB}), ram).start == GuestAddress{6_MiB});
}

TEST_CASE("Initrd: goes below a kernel that leaves no room behind it", "[loader]") {
  const auto ram = make_ram();
  const auto kernel = kernel_at({{16_MiB}, 47_MiB});
  CHECK(find_initrd_place(5_MiB, kernel, ram) == AddressRange{{10_MiB}, 5_MiB});
  CHECK(find_initrd_place(14_MiB, kernel, ram).start == GuestAddress{2_MiB});
  CHECK_BAD_IMAGE(find_initrd_place(15_MiB, kernel, ram),
                  "15728640 bytes fit nowhere beside the kernel at 0x1000000-0x3efffff in 64 MiB");
}

TEST_CASE("Initrd: goes above 4 GiB if it must and the kernel takes it there", "[loader]") {
  const auto ram = make_ram({{{0}, 64_MiB}, {{4_GiB}, 128_MiB}});
  auto kernel = kernel_at({{16_MiB}, 4_MiB});
  CHECK(find_initrd_place(100_MiB, kernel, ram) == AddressRange{{4_GiB}, 100_MiB});
  kernel.limits.initrd_last = {0x7FFF'FFFF};
  CHECK_BAD_IMAGE(find_initrd_place(100_MiB, kernel, ram), "below 0x7fffffff");
}

TEST_CASE("Initrd: its last byte is at most where the kernel allows it", "[loader]") {
  const auto ram = make_ram();
  auto kernel = kernel_at({{16_MiB}, 4_MiB});
  kernel.limits.initrd_last = {25_MiB - 1};
  CHECK(find_initrd_place(5_MiB, kernel, ram).start == GuestAddress{20_MiB});
  CHECK(find_initrd_place(5_MiB + 1, kernel, ram).start == GuestAddress{10_MiB});
  kernel.limits.initrd_last = {1_MiB + 4999};
  CHECK(find_initrd_place(5000, kernel, ram).start == GuestAddress{1_MiB});
  CHECK_BAD_IMAGE(find_initrd_place(5001, kernel, ram), "fit nowhere");
}

TEST_CASE("Initrd: is brought there from file or memory", "[loader]") {
  auto ram = make_ram();
  const Bytes content = samples::pattern(10'001);
  const OpenFile file{content};
  const auto kernel = kernel_at({{16_MiB}, 4_MiB});
  const auto place = place_initrd(Image{content, file.descriptor()}, kernel, ram);
  CHECK(bytes_at(ram, place.start.value, place.size_bytes) == content);
  CHECK(all_zero(ram, place.end().value, place.end().value + 1_MiB));
  CHECK(bytes_at(ram, place_initrd(Image{content}, kernel, ram).start.value, content.size()) ==
        content);
  CHECK_BAD_IMAGE(place_initrd(Image{}, kernel, ram), "empty, expected an initrd");
}

TEST_CASE("Initrd: a file that lost its end since it was opened is refused", "[loader]") {
  const Bytes content = samples::pattern(10'000);
  const OpenFile file{content};
  REQUIRE(::ftruncate(file.descriptor(), 9'999) == 0);
  auto ram = make_ram();
  const Image image{.bytes = content, .file_descriptor = file.descriptor()};
  CHECK_BAD_IMAGE(place_initrd(image, kernel_at({{16_MiB}, 4_MiB}), ram),
                  "truncated while it was read: it had 10000 bytes at offset 0");
}
