#include "platform/interrupts.hpp"

#include <catch2/catch_test_macros.hpp>
#include <thread>
#include <vector>

using platform::Gsi;
using platform::InterruptLine;
using platform::InterruptPin;

namespace {

class Controller final : public platform::InterruptController {
 public:
  void set_level(Gsi pin, bool asserted) noexcept override {
    pins.push_back(pin);
    levels.push_back(asserted);
  }
  void send(const platform::Message&, std::uint32_t) noexcept override {}
  std::vector<Gsi> pins;
  std::vector<bool> levels;
};

}  // namespace

TEST_CASE("interrupt line: only a change reaches the controller", "[platform][interrupts]") {
  Controller controller;
  InterruptPin pin{controller, Gsi{5}};
  InterruptLine line{pin};

  line.set(false);
  line.set(true);
  line.set(true);
  line.set(false);

  CHECK(controller.levels == std::vector{true, false});
  CHECK(controller.pins == std::vector{Gsi{5}, Gsi{5}});
}

TEST_CASE("interrupt pin: shared by two wires it is high while either is",
          "[platform][interrupts]") {
  Controller controller;
  InterruptPin pin{controller, Gsi{4}};
  InterruptLine first{pin};
  InterruptLine second{pin};

  first.set(true);
  second.set(true);
  first.set(false);
  CHECK(controller.levels == std::vector{true});

  second.set(false);
  CHECK(controller.levels == std::vector{true, false});
}

TEST_CASE("interrupt pin: wires on several threads leave it at the level they say",
          "[platform][interrupts]") {
  Controller controller;
  InterruptPin pin{controller, Gsi{4}};
  const auto toggle = [&pin] {
    InterruptLine line{pin};
    for (int i = 0; i < 1000; ++i) line.set(i % 2 == 0);
    line.set(false);
  };
  std::thread other{toggle};
  toggle();
  other.join();

  REQUIRE_FALSE(controller.levels.empty());
  CHECK_FALSE(controller.levels.back());
  for (std::size_t i = 0; i < controller.levels.size(); ++i) {
    REQUIRE(controller.levels[i] == (i % 2 == 0));
  }
}
