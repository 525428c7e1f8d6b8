#include "devices/system/power_button.hpp"

#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "tests/devices/fakes.hpp"

TEST_CASE("power button: each press is one edge", "[devices][system]") {
  FakeInterrupt event;
  devices::PowerButton button{event.line()};
  CHECK(event.edges() == 0);
  for (int press = 1; press <= 3; ++press) {
    button.press();
    CHECK(event.edges() == press);
    CHECK_FALSE(event.asserted());
  }
}

TEST_CASE("power button: two that press at once make two edges", "[devices][system]") {
  FakeInterrupt event;
  devices::PowerButton button{event.line()};
  const auto press = [&] {
    for (int i = 0; i < 100; ++i) button.press();
  };
  std::thread other{press};
  press();
  other.join();
  CHECK(event.edges() == 200);
}
