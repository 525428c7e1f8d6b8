#include "loader/image.hpp"

#include "tests/loader/guest_ram.hpp"
#include "tests/loader/x86_64/sample_kernels.hpp"

TEST_CASE("ImageReader: reads little-endian numbers up to the last byte", "[loader]") {
  const Bytes bytes{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  const loader::ImageReader reader{bytes};
  CHECK(reader.read<std::uint32_t>(0, "all") == 0x04030201);
  CHECK(reader.read<std::uint16_t>(2, "half") == 0x0403);
  CHECK(reader.slice(4, 0, "nothing").empty());
}

TEST_CASE("ImageReader: says what the image is too short for", "[loader]") {
  const Bytes bytes(4);
  const loader::ImageReader reader{bytes};
  CHECK_BAD_IMAGE(
      reader.read<std::uint32_t>(1, "the size word"),
      "truncated: the size word lies at offset 1 and has 4 bytes, but the file ends at 4");
  CHECK_THROWS_AS(reader.slice(~std::uint64_t{0}, 2, "end"), BadImage);
  CHECK_THROWS_AS(reader.slice(2, ~std::uint64_t{0}, "end"), BadImage);
  CHECK_FALSE(reader.contains(5, 0));
}
