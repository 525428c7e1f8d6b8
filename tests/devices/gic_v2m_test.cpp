#include "devices/system/gic_v2m.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/devices/fakes.hpp"

namespace {

using devices::GicV2mFrame;

/// A frame of `count` interrupts from 928 on.
struct Bench {
  explicit Bench(std::uint32_t count = 64) : frame{{928}, pins.lines({928}, count)} {}

  FakePins pins;
  GicV2mFrame frame;
};

}  // namespace

TEST_CASE("GICv2m: MSI_TYPER has the first interrupt and how many there are", "[devices][system]") {
  Bench bench;
  CHECK(read_from<std::uint32_t>(bench.frame, 0x008) == (928u << 16 | 64));
  Bench small{3};
  CHECK(read_from<std::uint32_t>(small.frame, 0x008) == (928u << 16 | 3));
}

TEST_CASE("GICv2m: MSI_IIDR says version 1 of the architecture and names nobody",
          "[devices][system]") {
  Bench bench;
  CHECK(read_from<std::uint32_t>(bench.frame, 0xFCC) == 0x0001'0000);
}

TEST_CASE("GICv2m: a message is one edge on its interrupt", "[devices][system]") {
  Bench bench;
  write_to<std::uint32_t>(bench.frame, 0x040, 928);
  CHECK(bench.pins.changes == FakePins::Changes{{928, true}, {928, false}});
  bench.pins.changes.clear();
  write_to<std::uint32_t>(bench.frame, 0x040, 991);
  write_to<std::uint32_t>(bench.frame, 0x040, 991);
  CHECK(bench.pins.changes ==
        FakePins::Changes{{991, true}, {991, false}, {991, true}, {991, false}});
}

TEST_CASE("GICv2m: numbers that are not the frame's raise nothing", "[devices][system]") {
  Bench bench;
  for (const std::uint32_t number :
       {0u, 33u, 927u, 992u, 1023u, 928u << 16, 928u | 1u << 31, ~0u}) {
    write_to(bench.frame, 0x040, number);
  }
  CHECK(bench.pins.changes.empty());
}

TEST_CASE("GICv2m: a frame without interrupts takes no message", "[devices][system]") {
  Bench bench{0};
  for (const std::uint32_t number : {0u, 927u, 928u, ~0u}) write_to(bench.frame, 0x040, number);
  CHECK(bench.pins.changes.empty());
}

TEST_CASE("GICv2m: only a 32-bit write of MSI_SETSPI_NS is a message", "[devices][system]") {
  Bench bench;
  write_to<std::uint8_t>(bench.frame, 0x040, 0xA0);
  write_to<std::uint16_t>(bench.frame, 0x040, 928);
  write_to<std::uint64_t>(bench.frame, 0x040, 928);
  write_to<std::uint32_t>(bench.frame, 0x042, 928);
  for (std::uint64_t offset = 0; offset < GicV2mFrame::size_bytes; offset += 4) {
    if (offset != 0x040) write_to<std::uint32_t>(bench.frame, offset, 928);
  }
  CHECK(bench.pins.changes.empty());
  CHECK(read_from<std::uint32_t>(bench.frame, 0x008) == (928u << 16 | 64));
}

TEST_CASE("GICv2m: all that is no register, or no whole one, reads as 0", "[devices][system]") {
  Bench bench;
  for (std::uint64_t offset = 0; offset < GicV2mFrame::size_bytes; offset += 4) {
    if (offset == 0x008 || offset == 0xFCC) continue;
    CHECK(read_from<std::uint32_t>(bench.frame, offset) == 0);
  }
  CHECK(read_from<std::uint8_t>(bench.frame, 0x008) == 0);
  CHECK(read_from<std::uint16_t>(bench.frame, 0x00A) == 0);
  CHECK(read_from<std::uint64_t>(bench.frame, 0x008) == 0);
  CHECK(bench.pins.changes.empty());
}
