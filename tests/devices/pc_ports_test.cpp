#include "devices/system/pc_ports.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/devices/fakes.hpp"

TEST_CASE("port 0x61: nobody waits for the refresh toggle or timer 2", "[devices][system]") {
  devices::NmiStatusPort port;
  write_to<std::uint8_t>(port, 0, 0xFD);

  const auto first = read_from(port, 0);
  const auto second = read_from(port, 0);

  CHECK((first ^ second) == 0x30);
  CHECK((first & 0x0F) == 0x0D);
  CHECK((first & 0xC0) == 0);  // no NMI was ever raised
}

TEST_CASE("port 0x92: A20 reads back, bit 0 resets", "[devices][system]") {
  FakePower power;
  devices::FastResetPort port{power};
  CHECK(read_from(port, 0) == 0x02);

  write_to<std::uint8_t>(port, 0, 0x02);
  CHECK(power.resets == 0);
  write_to<std::uint8_t>(port, 0, 0x03);
  CHECK(power.resets == 1);
  write_to<std::uint8_t>(port, 0, 0x03);  // no edge
  CHECK(power.resets == 1);
}

TEST_CASE("i8042: Linux's reboot=k finds it ready, and resets", "[devices][system]") {
  FakePower power;
  devices::I8042ResetPort port{power};

  CHECK((read_from(port, 0) & 0x02) == 0);  // kb_wait ends at the first look
  write_to<std::uint8_t>(port, 0, 0x20);
  CHECK(power.resets == 0);
  write_to<std::uint8_t>(port, 0, 0xFE);
  CHECK(power.resets == 1);
}

TEST_CASE("i8042: a driver that flushes it first finds no controller", "[devices][system]") {
  FakePower power;
  devices::I8042ResetPort port{power};
  // Linux gives up when sixteen bytes did not empty the buffer.
  for (int i = 0; i < 17; ++i) CHECK((read_from(port, 0) & 0x01) != 0);
}

TEST_CASE("port 0xCF9: resets on the rising edge of bit 2", "[devices][system]") {
  FakePower power;
  devices::ResetControlPort port{power};

  write_to<std::uint8_t>(port, 0, 0x02);  // Linux's reboot=p: say which kind, then do it
  CHECK(power.resets == 0);
  CHECK(read_from(port, 0) == 0x02);
  write_to<std::uint8_t>(port, 0, 0x06);
  CHECK(power.resets == 1);
  write_to<std::uint8_t>(port, 0, 0x0E);
  CHECK(power.resets == 1);
}
