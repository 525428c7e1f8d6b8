#include "loader/acpi/x86_64/fadt.hpp"

#include <cstdint>

#include "loader/acpi/fadt.hpp"
#include "loader/acpi/table.hpp"

namespace loader::acpi::x86_64 {
namespace {

/// Table 5.11.
enum BootArchitecture : std::uint16_t {
  LegacyDevices = 1 << 0,
  VgaNotPresent = 1 << 2,
  CmosRtcNotPresent = 1 << 5,
};

GenericAddress io_register(std::uint16_t port, std::uint8_t bits, Access access) {
  return {SystemIo, bits, 0, access, port};
}

std::uint16_t boot_architecture(const Machine& machine) {
  unsigned flags = VgaNotPresent;
  if (!machine.serial_ports.empty()) flags |= LegacyDevices;
  if (!machine.rtc) flags |= CmosRtcNotPresent;
  return static_cast<std::uint16_t>(flags);
}

/// Each block once as a port number, as ACPI 1.0 had it, and once as a register.
void describe_registers(Fadt& fadt, const PowerManagement& power) {
  const std::uint16_t event = power.base.value;
  const auto control = static_cast<std::uint16_t>(event + 0x04);
  const auto timer = static_cast<std::uint16_t>(event + 0x08);
  const auto reset = static_cast<std::uint16_t>(event + 0x33);
  fadt.pm1a_evt_blk = event;
  fadt.pm1_evt_len = 4;
  fadt.x_pm1a_evt_blk = io_register(event, 32, WordAccess);
  fadt.pm1a_cnt_blk = control;
  fadt.pm1_cnt_len = 2;
  fadt.x_pm1a_cnt_blk = io_register(control, 16, WordAccess);
  fadt.pm_tmr_blk = timer;
  fadt.pm_tmr_len = 4;
  fadt.x_pm_tmr_blk = io_register(timer, 32, DWordAccess);
  fadt.reset_reg = io_register(reset, 8, ByteAccess);
  fadt.reset_value = power.reset_value;
}

}  // namespace

Bytes make_fadt(const Machine& machine, platform::GuestAddress dsdt) {
  constexpr std::uint8_t major_version = 6;
  constexpr std::uint8_t minor_version = 5;
  constexpr std::uint8_t century_register = 0x32;
  Fadt fadt{};
  fadt.dsdt = static_cast<std::uint32_t>(dsdt.value);
  fadt.x_dsdt = dsdt.value;
  fadt.sci_int = static_cast<std::uint16_t>(machine.power.interrupt.value);
  fadt.p_lvl2_lat = 101;   // more than 100 us: there is no C2,
  fadt.p_lvl3_lat = 1001;  // more than 1000 us: nor C3
  fadt.century = machine.rtc ? century_register : std::uint8_t{0};
  fadt.iapc_boot_arch = boot_architecture(machine);
  // Clear, and therefore there: the power button (bit 4) is a fixed feature.
  fadt.flags = Wbinvd | ProcC1 | SleepButton | FixedRtc | TimerIs32Bit | ResetRegister | Headless;
  fadt.minor_version = minor_version;
  describe_registers(fadt, machine.power);
  return Table{"FACP", major_version}.append(fadt).finish();
}

}  // namespace loader::acpi::x86_64
