// The power button of a machine whose ACPI has no fixed hardware.
//
// Spec:    ACPI 6.5, 4.8.2.2.1.2 "Control Method Power Button" and 5.6.9 "Interrupt-signaled ACPI
//          Events".
// Threads: any.
#pragma once

#include <utility>

#include "platform/interrupts.hpp"
#include "runtime/guarded.hpp"

namespace devices {

/// An edge-triggered, active-high interrupt and nothing else: no register. The DSDT's Generic Event
/// Device (ACPI0013) lists it, and its _EVT notifies the button (PNP0C0C) with 0x80.
class PowerButton {
 public:
  explicit PowerButton(platform::InterruptLine event) : event_{std::move(event)} {}

  /// Asks the guest to shut down. A guest without a power-button driver takes no notice.
  void press() {
    event_.with([](platform::InterruptLine& line) {
      line.set(true);
      line.set(false);
    });
  }

 private:
  runtime::Guarded<platform::InterruptLine> event_;
};

}  // namespace devices
