#include "vmm/size.hpp"

#include <catch2/catch_test_macros.hpp>

using vmm::format_size;
using vmm::parse_size;

TEST_CASE("size: whole numbers with a suffix of powers of 1024", "[vmm][options]") {
  CHECK(parse_size("0") == 0);
  CHECK(parse_size("4096") == 4096);
  CHECK(parse_size("256M") == 256ull << 20);
  CHECK(parse_size("256m") == 256ull << 20);
  CHECK(parse_size("4G") == 4ull << 30);
  CHECK(parse_size("1T") == 1ull << 40);
  CHECK(parse_size("8K") == 8192);
}

TEST_CASE("size: anything else is refused", "[vmm][options]") {
  for (const char* text : {"", "G", "-1", "+1", " 1", "1 ", "1.5G", "3.7G", "1GiB", "1GB", "1X",
                           "0x10", "18446744073709551616", "17179869184G", "1\xe9"}) {
    INFO(text);
    CHECK_FALSE(parse_size(text).has_value());
  }
  CHECK(parse_size("17179869183G").has_value());
}

TEST_CASE("size: the shortest exact spelling reads back", "[vmm][options]") {
  CHECK(format_size(512ull << 20) == "512M");
  CHECK(format_size(5ull << 30) == "5G");
  CHECK(format_size(4097) == "4097");
  CHECK(format_size(0) == "0");
  for (const std::uint64_t size : {1ull, 1024ull, 3ull << 30, (3ull << 30) + 4096}) {
    CHECK(parse_size(format_size(size)) == size);
  }
}
