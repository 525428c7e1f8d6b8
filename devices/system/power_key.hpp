// The power button of a machine described by a device tree: a key on a PL061's pin.
//
// Threads: registers on vCPU threads, run() on the executor's, press() on any.
#pragma once

#include <chrono>

#include "devices/bus_device.hpp"
#include "devices/system/pl061_registers.hpp"
#include "devices/wired_registers.hpp"
#include "platform/interrupts.hpp"
#include "runtime/event.hpp"
#include "runtime/task.hpp"

namespace devices {

/// A GPIO controller with nothing on its pins but the key that "gpio-keys" calls KEY_POWER, active
/// high.
class PowerKey final : public BusDevice {
 public:
  static constexpr std::uint64_t size_bytes = Pl061Registers::size_bytes;
  static constexpr unsigned pin = 3;

  /// Linux looks at the key once it has settled, 5 ms after the edge, and takes no notice of one
  /// that is up again by then. A busy guest's 5 ms may be long.
  static constexpr std::chrono::milliseconds usual_press{100};

  PowerKey(runtime::Executor executor, platform::InterruptLine irq,
           std::chrono::milliseconds press_lasts = usual_press);

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

  /// Asks the guest to shut down. A guest without a driver takes no notice. A press while the key
  /// is down is part of the other.
  void press();

  /// Lets go of the key when it has been down for long enough, until stopped.
  runtime::Task<> run();

 private:
  const std::chrono::milliseconds press_lasts_;
  WiredRegisters<Pl061Registers> registers_;
  runtime::Event pressed_;
};

}  // namespace devices
