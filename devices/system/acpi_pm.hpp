// ACPI fixed hardware at one block of ports.
//
// Threads: registers on vCPU threads, press_power_button() on any.
#pragma once

#include <chrono>
#include <functional>

#include "devices/bus_device.hpp"
#include "devices/system/acpi_pm_registers.hpp"
#include "devices/system/power_control.hpp"
#include "devices/wired_registers.hpp"
#include "platform/interrupts.hpp"

namespace devices {

/// PM1 event and control, PM timer and reset register. No task: nothing here happens by itself.
class AcpiPm final : public BusDevice {
 public:
  static constexpr std::uint64_t size_bytes = AcpiPmRegisters::size_bytes;
  /// Time the machine has been running; must not go backwards.
  using MachineClock = std::function<std::chrono::nanoseconds()>;

  AcpiPm(platform::InterruptLine sci, PowerControl& power, MachineClock now);

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

  /// Asks the guest to shut down. A guest without a power-button driver takes no notice.
  void press_power_button();

 private:
  const MachineClock now_;
  PowerControl& power_;
  WiredRegisters<AcpiPmRegisters> registers_;
};

}  // namespace devices
