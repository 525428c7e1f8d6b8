#include "loader/arm64/layout.hpp"

#include "tests/loader/guest_ram.hpp"
#include "tests/loader/x86_64/sample_kernels.hpp"

using loader::Image;
using loader::arm64::find_initrd_place;
using loader::arm64::place_initrd;
using loader::arm64::table_area;

namespace {

constexpr AddressRange kernel{{1_GiB}, 34_MiB + 256_KiB};

}  // namespace

TEST_CASE("arm64 layout: tables take what is left of the kernel's last huge page",
          "[loader][arm64]") {
  CHECK(table_area(kernel) == AddressRange{{1_GiB + 34_MiB + 256_KiB}, 2_MiB - 256_KiB});
  CHECK(table_area({{1_GiB}, 1}) == AddressRange{{1_GiB + 64_KiB}, 2_MiB - 64_KiB});
  CHECK(table_area({{1_GiB}, 2_MiB - 512_KiB}) == AddressRange{{1_GiB + 2_MiB - 512_KiB}, 512_KiB});
}

TEST_CASE("arm64 layout: too little of it, and they take a huge page of their own",
          "[loader][arm64]") {
  for (const std::uint64_t size_bytes : {2_MiB, 2_MiB - 1, 2_MiB - 512_KiB + 1}) {
    CHECK(table_area({{1_GiB}, size_bytes}) == AddressRange{{1_GiB + 2_MiB}, 2_MiB});
  }
}

TEST_CASE("arm64 layout: the initrd lies on the next 2 MiB boundary", "[loader][arm64]") {
  auto ram = make_ram({{{1_GiB}, 64_MiB}});
  const Bytes initrd = samples::pattern(5000);
  CHECK(place_initrd(Image{initrd}, kernel, ram) == AddressRange{{1_GiB + 36_MiB}, 5000});
  CHECK(bytes_at(ram, 1_GiB + 36_MiB, 5000) == initrd);
  CHECK(find_initrd_place(28_MiB, kernel, ram).end() == GuestAddress{1_GiB + 64_MiB});
  CHECK_BAD_IMAGE(find_initrd_place(28_MiB + 1, kernel, ram),
                  "29360129 bytes fit nowhere behind the kernel at 0x40000000-0x4223ffff in 64 MiB "
                  "of RAM below 0x840000000");
  CHECK_BAD_IMAGE(find_initrd_place(~std::uint64_t{0}, kernel, ram), "fit nowhere");
  CHECK_BAD_IMAGE(place_initrd(Image{}, kernel, ram), "empty, expected an initrd");
}

TEST_CASE("arm64 layout: a further stretch of RAM will do, up to 32 GiB away", "[loader][arm64]") {
  const auto near = make_ram({{{1_GiB}, 40_MiB}, {{4_GiB + 64_KiB}, 64_MiB}});
  CHECK(find_initrd_place(10_MiB, kernel, near).start == GuestAddress{4_GiB + 2_MiB});
  const auto last = make_ram({{{1_GiB}, 40_MiB}, {{32_GiB}, 2_GiB}});
  CHECK(find_initrd_place(1_GiB, kernel, last).start == GuestAddress{32_GiB});
  CHECK_BAD_IMAGE(find_initrd_place(1_GiB + 1, kernel, last), "fit nowhere");
  const auto far = make_ram({{{1_GiB}, 40_MiB}, {{33_GiB}, 1_GiB}});
  CHECK_BAD_IMAGE(find_initrd_place(10_MiB, kernel, far), "fit nowhere");
}
