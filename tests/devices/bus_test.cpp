#include "devices/bus.hpp"

#include <catch2/catch_test_macros.hpp>
#include <stdexcept>
#include <string>

#include "tests/devices/fakes.hpp"

namespace {

using devices::MmioBus;
using devices::PortBus;
using platform::GuestAddress;
using platform::Port;

/// Remembers accesses as "r 3+1" (offset + size); reads as 0x5A.
class Recorder final : public devices::BusDevice {
 public:
  void read(std::uint64_t offset, std::span<std::byte> data) override {
    log += "r " + std::to_string(offset) + "+" + std::to_string(data.size()) + ";";
    for (auto& byte : data) byte = std::byte{0x5A};
  }
  void write(std::uint64_t offset, std::span<const std::byte> data) override {
    log += "w " + std::to_string(offset) + "+" + std::to_string(data.size()) + ";";
  }

  std::string log;
};

template <typename T, typename Address>
T read(const devices::Bus<Address>& bus, Address address) {
  T value = 0;
  bus.read(address, std::as_writable_bytes(std::span{&value, 1}));
  return value;
}

template <typename T, typename Address>
void write(const devices::Bus<Address>& bus, Address address, T value) {
  bus.write(address, std::as_bytes(std::span{&value, 1}));
}

}  // namespace

TEST_CASE("bus: a device is told the offset from its own base", "[devices][bus]") {
  Recorder device;
  PortBus bus;
  bus.add(Port{0x3F8}, 8, device);

  CHECK(read<std::uint8_t>(bus, Port{0x3FD}) == 0x5A);
  write<std::uint16_t>(bus, Port{0x3F8}, 1);

  CHECK(device.log == "r 5+1;w 0+2;");
}

TEST_CASE("bus: where no device is, reads are all ones and writes vanish", "[devices][bus]") {
  Recorder device;
  PortBus bus;
  CHECK(read<std::uint32_t>(bus, Port{0}) == 0xFFFFFFFF);  // nothing added yet
  bus.add(Port{0x3F8}, 8, device);

  CHECK(read<std::uint8_t>(bus, Port{0x3F7}) == 0xFF);
  CHECK(read<std::uint16_t>(bus, Port{0x400}) == 0xFFFF);
  write<std::uint8_t>(bus, Port{0x400}, 1);

  CHECK(device.log.empty());
}

TEST_CASE("bus: an access that is not wholly a device's never reaches it", "[devices][bus]") {
  Recorder device;
  PortBus bus;
  bus.add(Port{0xCF9}, 1, device);

  // The address of a PCI configuration access has any value in its second byte.
  write<std::uint32_t>(bus, Port{0xCF8}, 0x80000600);
  CHECK(read<std::uint32_t>(bus, Port{0xCF8}) == 0xFFFFFFFF);
  write<std::uint16_t>(bus, Port{0xCF9}, 0x0606);

  CHECK(device.log.empty());
}

TEST_CASE("bus: neighbours each answer for their own range", "[devices][bus]") {
  Recorder low, middle, high;
  MmioBus bus;
  bus.add(GuestAddress{0x3000}, 0x1000, high);
  bus.add(GuestAddress{0x1000}, 0x1000, low);
  bus.add(GuestAddress{0x2000}, 0x1000, middle);

  (void)read<std::uint64_t>(bus, GuestAddress{0x1FF8});
  (void)read<std::uint64_t>(bus, GuestAddress{0x2000});
  (void)read<std::uint64_t>(bus, GuestAddress{0x1FFC});  // half and half: a miss
  (void)read<std::uint8_t>(bus, GuestAddress{0x3FFF});

  CHECK(low.log == "r 4088+8;");
  CHECK(middle.log == "r 0+8;");
  CHECK(high.log == "r 4095+1;");
}

TEST_CASE("bus: overlapping devices are refused", "[devices][bus]") {
  Recorder first, second;
  PortBus bus;
  bus.add(Port{0x3F8}, 8, first);

  CHECK_THROWS_AS(bus.add(Port{0x3F8}, 8, second), std::invalid_argument);
  CHECK_THROWS_AS(bus.add(Port{0x3FF}, 1, second), std::invalid_argument);
  CHECK_THROWS_AS(bus.add(Port{0x3F0}, 9, second), std::invalid_argument);
  CHECK_THROWS_AS(bus.add(Port{0x3F0}, 32, second), std::invalid_argument);
  bus.add(Port{0x3F0}, 8, second);
  CHECK_THROWS_AS(bus.add(Port{0x3F7}, 1, second), std::invalid_argument);
}

TEST_CASE("bus: a range must have bytes and lie in the address space", "[devices][bus]") {
  Recorder device;
  PortBus ports;
  CHECK_THROWS_AS(ports.add(Port{0x80}, 0, device), std::invalid_argument);
  CHECK_THROWS_AS(ports.add(Port{0xFFFF}, 2, device), std::invalid_argument);
  ports.add(Port{0xFFFF}, 1, device);
  CHECK(read<std::uint8_t>(ports, Port{0xFFFF}) == 0x5A);
  CHECK(read<std::uint16_t>(ports, Port{0xFFFF}) == 0xFFFF);

  MmioBus mmio;
  CHECK_THROWS_AS(mmio.add(GuestAddress{~0ULL}, 2, device), std::invalid_argument);
  mmio.add(GuestAddress{~0ULL - 7}, 8, device);
  CHECK(read<std::uint64_t>(mmio, GuestAddress{~0ULL - 7}) == 0x5A5A5A5A5A5A5A5A);
  CHECK(read<std::uint64_t>(mmio, GuestAddress{~0ULL - 3}) == ~0ULL);  // wraps: a miss
}
