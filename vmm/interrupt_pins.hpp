// The pins of a machine's interrupt controllers that something is wired to.
#pragma once

#include <algorithm>
#include <iterator>
#include <memory>
#include <vector>

#include "platform/interrupts.hpp"

namespace vmm {

class InterruptPins {
 public:
  explicit InterruptPins(platform::InterruptController& controller) : controller_{controller} {}

  /// A new wire to the pin, which it shares with those made before.
  [[nodiscard]] platform::InterruptLine line(platform::Gsi gsi) {
    auto pin = std::ranges::find(pins_, gsi, &Pin::gsi);
    if (pin == pins_.end()) {
      pins_.push_back({gsi, std::make_unique<platform::InterruptPin>(controller_, gsi)});
      pin = std::prev(pins_.end());
    }
    return platform::InterruptLine{*pin->pin};
  }

 private:
  struct Pin {
    platform::Gsi gsi;
    std::unique_ptr<platform::InterruptPin> pin;
  };

  platform::InterruptController& controller_;
  std::vector<Pin> pins_;
};

}  // namespace vmm
