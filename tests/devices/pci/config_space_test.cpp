#include "devices/pci/config_space.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <stdexcept>
#include <vector>

using namespace devices::pci;
using platform::AddressRange;
using platform::GuestAddress;

namespace {

struct Bench {
  template <typename T = std::uint32_t>
  T read(std::uint64_t offset) const {
    T value{};
    config.read(offset, std::as_writable_bytes(std::span{&value, 1}));
    return value;
  }
  template <typename T>
  void write(std::uint64_t offset, T value) {
    config.write(offset, std::as_bytes(std::span{&value, 1}));
  }
  void decode_memory() { write<std::uint16_t>(0x04, 1 << 1); }

  ConfigSpace config{{.vendor = 0x1AF4,
                      .device = 0x1044,
                      .revision = 1,
                      .class_code = 0xFF'0203,
                      .subsystem_vendor = 0xABCD,
                      .subsystem = 0x1234}};
};

std::vector<std::byte> bytes(std::size_t count, unsigned value = 0) {
  return std::vector<std::byte>(count, static_cast<std::byte>(value));
}

}  // namespace

TEST_CASE("pci config: what a function says of itself", "[devices][pci]") {
  Bench bench;
  CHECK(bench.read(0x00) == 0x1044'1AF4);
  CHECK(bench.read(0x08) == 0xFF02'0301);
  CHECK(bench.read(0x2C) == 0x1234'ABCD);
  CHECK(bench.read<std::uint8_t>(0x0E) == 0);  // type 0, one function
  CHECK(bench.read<std::uint8_t>(0x3D) == 0);  // no interrupt pin
  CHECK(bench.read<std::uint16_t>(0x06) == 0);
  CHECK(bench.read<std::uint8_t>(0x34) == 0);
}

TEST_CASE("pci config: a driver changes what is its own, and nothing else", "[devices][pci]") {
  Bench bench;
  for (std::uint64_t at = 0; at < 0x100; at += 4) bench.write(at, 0xFFFF'FFFFu);
  CHECK(bench.read(0x00) == 0x1044'1AF4);
  CHECK(bench.read<std::uint16_t>(0x04) == 0x0546);  // memory, bus master, errors, INTx off
  CHECK(bench.read<std::uint16_t>(0x06) == 0);
  CHECK(bench.read(0x08) == 0xFF02'0301);
  CHECK(bench.read(0x0C) == 0xFF);
  for (std::uint64_t bar = 0x10; bar < 0x28; bar += 4) CHECK(bench.read(bar) == 0);
  CHECK(bench.read(0x30) == 0);  // no ROM
  CHECK(bench.read(0x3C) == 0xFF);
  for (std::uint64_t at = 0x40; at < 0x100; at += 4) CHECK(bench.read(at) == 0);
}

TEST_CASE("pci config: accesses of any width, also across its end", "[devices][pci]") {
  Bench bench;
  CHECK(bench.read<std::uint8_t>(0x03) == 0x10);
  CHECK(bench.read<std::uint16_t>(0x01) == 0x441A);
  CHECK(bench.read<std::uint64_t>(0x00) == 0x1044'1AF4);
  CHECK(bench.read<std::uint64_t>(0xFC) == 0);
  CHECK(bench.read(0x100) == 0);
  CHECK(bench.read<std::uint64_t>(0xFFC) == 0);
  CHECK(bench.read(~std::uint64_t{0}) == 0);
  bench.write<std::uint64_t>(0xFC, ~std::uint64_t{0});
  bench.write<std::uint64_t>(0xFFF, ~std::uint64_t{0});
  CHECK(bench.read(0xFC) == 0);
  bench.write<std::uint8_t>(0x05, 0xFF);  // the upper half of the command
  CHECK(bench.read<std::uint16_t>(0x04) == 0x0500);
}

TEST_CASE("pci config: all ones tell how large a BAR is", "[devices][pci]") {
  Bench bench;
  bench.config.add_bar(0, BarKind::Memory32, 0x4000, {0xD000'0000});
  bench.config.add_bar(2, BarKind::Memory64, 0x2'0000'0000, {0x10'0000'0000});
  CHECK(bench.read(0x10) == 0xD000'0000);
  CHECK(bench.read(0x18) == 0b100);
  CHECK(bench.read(0x1C) == 0x10);
  for (const std::uint64_t bar : {0x10, 0x14, 0x18, 0x1C}) bench.write(bar, 0xFFFF'FFFFu);
  CHECK(bench.read(0x10) == 0xFFFF'C000);
  CHECK(bench.read(0x14) == 0);
  CHECK(bench.read(0x18) == 0b100);
  CHECK(bench.read(0x1C) == 0xFFFF'FFFE);
  CHECK(bench.config.bar_bytes(0) == 0x4000);
  CHECK(bench.config.bar_bytes(1) == 0);
  CHECK(bench.config.bar_bytes(2) == 0x2'0000'0000);
  CHECK(bench.config.bar_bytes(6) == 0);
}

TEST_CASE("pci config: a BAR answers where it was put, while memory is on", "[devices][pci]") {
  Bench bench;
  bench.config.add_bar(1, BarKind::Memory32, 0x1000, {0xD000'0000});
  bench.config.add_bar(4, BarKind::Memory64, 0x1000, {0xD000'1000});
  CHECK_FALSE(bench.config.bar_place(1));
  bench.decode_memory();
  CHECK(bench.config.bar_place(1) == AddressRange{{0xD000'0000}, 0x1000});
  CHECK(bench.config.bar_place(4) == AddressRange{{0xD000'1000}, 0x1000});
  CHECK_FALSE(bench.config.bar_place(0));
  CHECK_FALSE(bench.config.bar_place(5));
  CHECK_FALSE(bench.config.bar_place(~0u));
  bench.write(0x14, 0xC000'1FFFu);  // what is below its size is not the driver's
  CHECK(bench.config.bar_place(1) == AddressRange{{0xC000'1000}, 0x1000});
  bench.write(0x24, 5u);
  CHECK(bench.config.bar_place(4) == AddressRange{{0x5'D000'1000}, 0x1000});
}

TEST_CASE("pci config: all ones tell how many ports a BAR has", "[devices][pci]") {
  Bench bench;
  bench.config.add_bar(2, BarKind::Ports, 8, {0xC008});
  CHECK(bench.read(0x18) == 0xC009);
  bench.write(0x18, 0xFFFF'FFFFu);
  CHECK(bench.read(0x18) == 0x0000'FFF9);  // 16 bits of address, bit 1 reserved
  bench.write(0x18, 0u);
  CHECK(bench.read(0x18) == 1);
  CHECK(bench.config.bar_space(2) == Space::Ports);
  CHECK(bench.config.bar_space(1) == Space::Memory);
  CHECK(bench.config.bar_space(~0u) == Space::Memory);
}

TEST_CASE("pci config: ports answer where they were put, while they are on", "[devices][pci]") {
  Bench bench;
  bench.config.add_bar(0, BarKind::Memory32, 0x1000, {0xD000'0000});
  bench.config.add_bar(2, BarKind::Ports, 4, {0xC000});
  bench.decode_memory();
  CHECK(bench.config.bar_place(0));
  CHECK_FALSE(bench.config.bar_place(2));
  bench.write<std::uint16_t>(0x04, 1 << 0);
  CHECK_FALSE(bench.config.bar_place(0));
  CHECK(bench.config.bar_place(2) == AddressRange{{0xC000}, 4});
  bench.write(0x18, 0xABCD'D007u);
  CHECK(bench.config.bar_place(2) == AddressRange{{0xD004}, 4});
  bench.write(0x18, 0xFFFF'FFFFu);  // the last ports there are
  CHECK(bench.config.bar_place(2) == AddressRange{{0xFFFC}, 4});
  bench.write<std::uint16_t>(0x04, 0xFFFF);
  CHECK(bench.read<std::uint16_t>(0x04) == 0x0547);
}

TEST_CASE("pci config: a BAR at the very end of all addresses answers nowhere", "[devices][pci]") {
  Bench bench;
  bench.config.add_bar(0, BarKind::Memory64, 0x1000, {0xD000'0000});
  bench.decode_memory();
  bench.write(0x10, 0xFFFF'FFFFu);
  bench.write(0x14, 0xFFFF'FFFFu);
  CHECK_FALSE(bench.config.bar_place(0));
  bench.write(0x10, 0xFFFF'E000u);
  CHECK(bench.config.bar_place(0) == AddressRange{{0xFFFF'FFFF'FFFF'E000}, 0x1000});
}

TEST_CASE("pci config: capabilities make a list", "[devices][pci]") {
  Bench bench;
  const auto first = bench.config.add_capability(CapabilityId::Msix, bytes(10, 0x55));
  const auto mask = bytes(2, 0x0F);
  const auto second = bench.config.add_capability(CapabilityId::Vendor, bytes(3, 0x33), mask);
  CHECK((bench.read<std::uint16_t>(0x06) & 1 << 4) != 0);
  CHECK(bench.read<std::uint8_t>(0x34) == first);
  CHECK(first == 0x40);
  CHECK(bench.read<std::uint16_t>(first) == (0x11 | second << 8));
  CHECK(second % 4 == 0);
  CHECK(bench.read(second) == 0x3333'0009);
  bench.write(second, 0u);
  CHECK(bench.read(second) == 0x3030'0009);
  bench.write(first + 2u, 0u);
  CHECK(bench.read(first + 2u) == 0x5555'5555);
}

TEST_CASE("pci config: what cannot be is refused", "[devices][pci]") {
  Bench bench;
  ConfigSpace& config = bench.config;
  CHECK_THROWS_AS(config.add_bar(6, BarKind::Memory32, 0x1000, {0}), std::invalid_argument);
  CHECK_THROWS_AS(config.add_bar(5, BarKind::Memory64, 0x1000, {0}), std::invalid_argument);
  CHECK_THROWS_AS(config.add_bar(0, BarKind::Memory32, 8, {0}), std::invalid_argument);
  CHECK_THROWS_AS(config.add_bar(0, BarKind::Memory32, 0x3000, {0}), std::invalid_argument);
  CHECK_THROWS_AS(config.add_bar(0, BarKind::Memory32, 0x1'0000'0000, {0}), std::invalid_argument);
  CHECK_THROWS_AS(config.add_bar(0, BarKind::Memory32, 0x1000, {0x800}), std::invalid_argument);
  CHECK_THROWS_AS(config.add_bar(0, BarKind::Memory32, 0x1000, {0x1'0000'0000}),
                  std::invalid_argument);
  CHECK_THROWS_AS(config.add_bar(0, BarKind::Ports, 2, {0xC000}), std::invalid_argument);
  CHECK_THROWS_AS(config.add_bar(0, BarKind::Ports, 512, {0xC000}), std::invalid_argument);
  CHECK_THROWS_AS(config.add_bar(0, BarKind::Ports, 8, {0xC004}), std::invalid_argument);
  CHECK_THROWS_AS(config.add_bar(0, BarKind::Ports, 8, {0x1'0000}), std::invalid_argument);
  ConfigSpace other = std::move(Bench{}.config);
  other.add_bar(2, BarKind::Memory64, 0x1000, {0x1000});
  for (const unsigned taken : {2u, 3u}) {
    CHECK_THROWS_AS(other.add_bar(taken, BarKind::Memory32, 0x1000, {0}), std::invalid_argument);
  }
  CHECK_THROWS_AS(other.add_bar(1, BarKind::Memory64, 0x1000, {0}), std::invalid_argument);
  CHECK_THROWS_AS(config.add_capability(CapabilityId::Msix, bytes(191)), std::invalid_argument);
  CHECK_THROWS_AS(config.add_capability(CapabilityId::Msix, bytes(2), bytes(3)),
                  std::invalid_argument);
  CHECK_NOTHROW(config.add_capability(CapabilityId::Msix, bytes(190)));
  CHECK_THROWS_AS(config.add_capability(CapabilityId::Msix, {}), std::invalid_argument);
}
