#include "platform/arm64/page_sizes.hpp"

#include <catch2/catch_test_macros.hpp>

using platform::arm64::has_pages_of;
using namespace runtime::literals;

TEST_CASE("page sizes: as ID_AA64MMFR0_EL1 of real processors has them", "[platform][arm64]") {
  struct Case {
    std::uint64_t register_value;
    bool has_4_kib, has_16_kib, has_64_kib;
  };
  for (const Case& processor : {Case{0x0000'1124, true, false, true},  // Cortex-A57
                                Case{0x0010'1122, true, true, true},   // Cortex-A76
                                Case{0xF010'0000, false, true, true},  // no 4 KiB
                                Case{0x1F20'0000, true, true, false},  // with LPA2, no 64 KiB
                                Case{0xFF00'0000, false, false, false}}) {
    CAPTURE(processor.register_value);
    CHECK(has_pages_of(processor.register_value, 4_KiB) == processor.has_4_kib);
    CHECK(has_pages_of(processor.register_value, 16_KiB) == processor.has_16_kib);
    CHECK(has_pages_of(processor.register_value, 64_KiB) == processor.has_64_kib);
  }
}

TEST_CASE("page sizes: there are three", "[platform][arm64]") {
  for (const std::uint64_t page_bytes : {0_KiB, 1_KiB, 8_KiB, 32_KiB, 128_KiB}) {
    CHECK_FALSE(has_pages_of(0x0010'0000, page_bytes));
  }
}
