#include "devices/system/acpi_pm.hpp"

#include "devices/register_access.hpp"

namespace devices {

AcpiPm::AcpiPm(platform::InterruptLine sci, PowerControl& power, MachineClock now)
    : now_{std::move(now)}, power_{power}, registers_{std::move(sci)} {}

void AcpiPm::read(std::uint64_t offset, std::span<std::byte> data) {
  const std::chrono::nanoseconds machine_time = now_();
  registers_.update([&](const AcpiPmRegisters& registers) {
    read_registers<std::uint8_t>(
        offset, data, [&](std::uint64_t at) { return registers.read(at, machine_time); });
  });
}

void AcpiPm::write(std::uint64_t offset, std::span<const std::byte> data) {
  const PowerAction action = registers_.update([&](AcpiPmRegisters& registers) {
    PowerAction wanted = PowerAction::None;
    write_registers<std::uint8_t>(offset, data, [&](std::uint64_t at, std::uint8_t value) {
      const PowerAction next = registers.write(at, value);
      if (next != PowerAction::None) wanted = next;
    });
    return wanted;
  });
  // Outside the lock: whoever answers may ask us something.
  if (action == PowerAction::PowerOff) power_.power_off();
  if (action == PowerAction::Reset) power_.reset();
}

void AcpiPm::press_power_button() {
  registers_.update([](AcpiPmRegisters& registers) { registers.press_power_button(); });
}

}  // namespace devices
