// A guest that does anything to the ACPI registers.
//
// Input: groups of an operation, an offset and a value.

#include <cstdint>

#include "devices/system/acpi_pm_registers.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using devices::AcpiPmRegisters;
using devices::PowerAction;
using namespace std::chrono_literals;

void check_action(std::uint64_t offset, std::uint8_t value, PowerAction action) {
  const bool sleeps = offset == AcpiPmRegisters::pm1_control + 1 && (value & 0x3C) == 0x20;
  const bool resets = offset == AcpiPmRegisters::reset_register && value == 1;
  require((action == PowerAction::PowerOff) == sleeps);
  require((action == PowerAction::Reset) == resets);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  AcpiPmRegisters pm;
  std::chrono::nanoseconds time{0};
  for (std::size_t i = 0; i + 2 < size_bytes; i += 3) {
    const std::uint64_t offset = data[i + 1];
    switch (data[i] % 4) {
      case 0:
        (void)pm.read(offset, time);
        break;
      case 1:
        check_action(offset, data[i + 2], pm.write(offset, data[i + 2]));
        break;
      case 2:
        pm.press_power_button();
        break;
      default:
        time += std::chrono::nanoseconds{1LL << (data[i + 1] % 56)};
    }
    const auto word = [&](std::uint64_t at) {
      return pm.read(at, time) | pm.read(at + 1, time) << 8;
    };
    require((word(AcpiPmRegisters::pm1_control) & 0x2001) == 1);
    require((word(AcpiPmRegisters::pm1_enable) & ~0x0521) == 0);
    const bool asserted =
        (word(AcpiPmRegisters::pm1_status) & word(AcpiPmRegisters::pm1_enable)) != 0;
    require(pm.interrupt_pending() == asserted);
  }
  return 0;
}
