#include "devices/system/acpi_pm_registers.hpp"

#include "runtime/flags.hpp"

namespace devices {
namespace {

constexpr std::uint16_t power_button = 1 << 8;  // PWRBTN_STS, PWRBTN_EN

/// TMR_EN, GBL_EN, PWRBTN_EN, RTC_EN.
constexpr std::uint16_t enable_mask = 0x0521;

constexpr std::uint16_t sci_enabled = 1 << 0;  // SCI_EN: there is no other mode to be in
/// BM_RLD and SLP_TYP; SLP_EN and GBL_RLS are write-only.
constexpr std::uint16_t control_mask = 0x1C02;

/// In PM1 control's high byte.
using SleepType = runtime::Field<std::uint8_t, 2, 4>;
constexpr std::uint8_t sleep_enable = 1 << 5;

std::uint8_t byte_of(std::uint32_t value, std::uint64_t index) {
  return static_cast<std::uint8_t>(value >> (8 * index));
}

std::uint16_t with_byte(std::uint16_t value, std::uint64_t index, std::uint8_t byte) {
  const auto shift = static_cast<unsigned>(8 * index);
  return static_cast<std::uint16_t>((value & ~(0xFFu << shift)) | (unsigned{byte} << shift));
}

std::uint32_t timer_value(std::chrono::nanoseconds machine_time) {
  constexpr std::uint64_t second = 1'000'000'000;
  const auto elapsed = static_cast<std::uint64_t>(machine_time.count());
  // In two steps, as the product of the whole would overflow after an hour and a half.
  const std::uint64_t ticks = elapsed / second * AcpiPmRegisters::timer_hz +
                              elapsed % second * AcpiPmRegisters::timer_hz / second;
  return static_cast<std::uint32_t>(ticks);
}

}  // namespace

std::uint8_t AcpiPmRegisters::read(std::uint64_t offset,
                                   std::chrono::nanoseconds machine_time) const {
  switch (offset) {
    case pm1_status:
    case pm1_status + 1:
      return byte_of(status_, offset - pm1_status);
    case pm1_enable:
    case pm1_enable + 1:
      return byte_of(enable_, offset - pm1_enable);
    case pm1_control:
    case pm1_control + 1:
      return byte_of(control_ | sci_enabled, offset - pm1_control);
    case pm_timer:
    case pm_timer + 1:
    case pm_timer + 2:
    case pm_timer + 3:
      return byte_of(timer_value(machine_time), offset - pm_timer);
    default:
      return 0;
  }
}

PowerAction AcpiPmRegisters::write(std::uint64_t offset, std::uint8_t value) {
  switch (offset) {
    case pm1_status:
    case pm1_status + 1:  // write 1 to clear
      status_ &= static_cast<std::uint16_t>(~with_byte(0, offset - pm1_status, value));
      break;
    case pm1_enable:
    case pm1_enable + 1:
      enable_ = with_byte(enable_, offset - pm1_enable, value) & enable_mask;
      break;
    case pm1_control:
    case pm1_control + 1:
      control_ = with_byte(control_, offset - pm1_control, value) & control_mask;
      if (offset == pm1_control + 1 && (value & sleep_enable) != 0 &&
          SleepType::get(value) == soft_off_sleep_type) {
        return PowerAction::PowerOff;
      }
      break;
    case reset_register:
      if (value == reset_value) return PowerAction::Reset;
      break;
    default:
      break;
  }
  return PowerAction::None;
}

void AcpiPmRegisters::press_power_button() {
  status_ |= power_button;
}

}  // namespace devices
