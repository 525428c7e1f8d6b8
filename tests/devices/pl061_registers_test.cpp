#include "devices/system/pl061_registers.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>

using devices::Pl061Registers;

namespace {

// Offsets, as the data sheet abbreviates them.
constexpr std::uint64_t data = 0x3FC, dir = 0x400, is = 0x404, ibe = 0x408, iev = 0x40C;
constexpr std::uint64_t ie = 0x410, ris = 0x414, mis = 0x418, ic = 0x41C, afsel = 0x420;

}  // namespace

TEST_CASE("PL061: is what Linux's driver looks for", "[devices][system]") {
  Pl061Registers gpio;
  constexpr std::array<std::uint32_t, 8> id{0x61, 0x10, 0x04, 0x00, 0x0D, 0xF0, 0x05, 0xB1};
  for (std::size_t i = 0; i < id.size(); ++i) CHECK(gpio.read(0xFE0 + 4 * i) == id[i]);
}

TEST_CASE("PL061: after a reset all is 0, and eight bits of each can be written",
          "[devices][system]") {
  Pl061Registers gpio;
  for (const auto offset : {dir, is, ibe, iev, ie, afsel}) {
    CHECK(gpio.read(offset) == 0);
    gpio.write(offset, ~0u);
    CHECK(gpio.read(offset) == 0xFF);
    gpio.write(offset, 0);
  }
  for (const auto offset : {data, ris, mis}) {
    CHECK(gpio.read(offset) == 0);
    gpio.write(offset, ~0u);
    CHECK(gpio.read(offset) == 0);
  }
  for (std::uint64_t offset = 0x424; offset < 0xFE0; offset += 4) {
    gpio.write(offset, ~0u);
    REQUIRE(gpio.read(offset) == 0);
  }
}

TEST_CASE("PL061: the offset chooses the pins of a data access", "[devices][system]") {
  Pl061Registers gpio;
  gpio.drive(0xA5);
  CHECK(gpio.read(data) == 0xA5);
  CHECK(gpio.read(0) == 0);
  CHECK(gpio.read(0x0F << 2) == 0x05);

  gpio.write(dir, 0x0F);
  CHECK(gpio.read(data) == 0xA0);  // outputs are low at first
  gpio.write(0x03 << 2, 0xFF);
  CHECK(gpio.read(data) == 0xA3);
  gpio.write(data, 0xFC);  // the upper four are inputs
  CHECK(gpio.read(data) == 0xAC);
  gpio.write(dir, 0);
  CHECK(gpio.read(data) == 0xA5);
}

TEST_CASE("PL061: an edge interrupts until it is cleared", "[devices][system]") {
  Pl061Registers gpio;
  gpio.write(ie, 0x07);
  gpio.write(iev, 0x01);  // pin 0 rising, pin 1 falling, pin 2 both
  gpio.write(ibe, 0x04);

  gpio.drive(0x0F);
  CHECK(gpio.read(ris) == 0x05);
  CHECK(gpio.interrupt_pending());
  gpio.write(ic, 0x01);
  CHECK(gpio.read(mis) == 0x04);
  gpio.write(ic, 0x04);
  CHECK_FALSE(gpio.interrupt_pending());

  gpio.drive(0x00);
  CHECK(gpio.read(ris) == 0x0E);  // pin 3 fell as well, but is masked
  CHECK(gpio.read(mis) == 0x06);
  gpio.write(ic, 0xFF);
  gpio.drive(0x00);
  CHECK(gpio.read(ris) == 0);
}

TEST_CASE("PL061: a level interrupts as long as it lasts", "[devices][system]") {
  Pl061Registers gpio;
  gpio.write(is, 0x03);
  gpio.write(iev, 0x01);  // pin 0 high, pin 1 low
  gpio.write(ie, 0x03);
  CHECK(gpio.read(mis) == 0x02);
  gpio.drive(0x03);
  CHECK(gpio.read(mis) == 0x01);
  gpio.write(ic, 0xFF);
  CHECK(gpio.read(mis) == 0x01);
  gpio.drive(0x02);
  CHECK_FALSE(gpio.interrupt_pending());
}
