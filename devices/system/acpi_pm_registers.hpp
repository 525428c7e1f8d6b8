// Registers of ACPI's fixed hardware.
//
// Spec:    ACPI 6.5, 4.8.3.1 "PM1 Event Grouping", 4.8.3.2 "PM1 Control Grouping", 4.8.3.3 "Power
//          Management Timer", 4.8.3.6 "Reset Register".
// Trust:   offsets and values are the guest's.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace devices {

enum class PowerAction : std::uint8_t { None, PowerOff, Reset };

/// Pure state, addressed by the byte; PM1 control's SLP_TYP and SLP_EN share one.
///
/// There is no GPE block and no P_LVLx: the rest of the block reads as 0. TMR_STS stays clear, as
/// no operating system counts the carries of a 32-bit timer that wraps every twenty minutes.
class AcpiPmRegisters {
 public:
  static constexpr std::uint64_t size_bytes = 0x37;
  static constexpr std::uint64_t pm1_status = 0x00;
  static constexpr std::uint64_t pm1_enable = 0x02;
  static constexpr std::uint64_t pm1_control = 0x04;
  static constexpr std::uint64_t pm_timer = 0x08;
  static constexpr std::uint64_t reset_register = 0x33;
  static constexpr std::uint8_t reset_value = 1;
  static constexpr std::uint8_t soft_off_sleep_type = 0;  // as the DSDT's \_S5 says
  static constexpr std::uint32_t timer_hz = 3'579'545;

  /// `machine_time` decides what the timer shows; give all bytes of one access the same.
  [[nodiscard]] std::uint8_t read(std::uint64_t offset,
                                  std::chrono::nanoseconds machine_time) const;
  /// Returns what the machine must do now that the byte is written.
  [[nodiscard]] PowerAction write(std::uint64_t offset, std::uint8_t value);

  void press_power_button();

  /// The level of the SCI.
  [[nodiscard]] bool interrupt_pending() const { return (status_ & enable_) != 0; }

 private:
  std::uint16_t status_ = 0;
  std::uint16_t enable_ = 0;
  std::uint16_t control_ = 0;
};

}  // namespace devices
