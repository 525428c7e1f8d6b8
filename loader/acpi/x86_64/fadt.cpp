#include "loader/acpi/x86_64/fadt.hpp"

#include <array>
#include <cstdint>

#include "loader/acpi/table.hpp"

namespace loader::acpi::x86_64 {
namespace {

constexpr std::size_t header_bytes = 36;

/// 5.2.3.2 Generic Address Structure.
struct [[gnu::packed]] Register {
  std::uint8_t space;
  std::uint8_t bits;
  std::uint8_t bit_offset;
  std::uint8_t access;
  std::uint64_t address;
};
enum Access : std::uint8_t { ByteAccess = 1, WordAccess = 2, DWordAccess = 3 };

/// Everything behind the header, in the names of the specification.
struct [[gnu::packed]] Fadt {
  std::uint32_t firmware_ctrl;
  std::uint32_t dsdt;
  std::uint8_t reserved;
  std::uint8_t preferred_pm_profile;
  std::uint16_t sci_int;
  std::uint32_t smi_cmd;
  std::uint8_t acpi_enable;
  std::uint8_t acpi_disable;
  std::uint8_t s4bios_req;
  std::uint8_t pstate_cnt;
  std::uint32_t pm1a_evt_blk;
  std::uint32_t pm1b_evt_blk;
  std::uint32_t pm1a_cnt_blk;
  std::uint32_t pm1b_cnt_blk;
  std::uint32_t pm2_cnt_blk;
  std::uint32_t pm_tmr_blk;
  std::uint32_t gpe0_blk;
  std::uint32_t gpe1_blk;
  std::uint8_t pm1_evt_len;
  std::uint8_t pm1_cnt_len;
  std::uint8_t pm2_cnt_len;
  std::uint8_t pm_tmr_len;
  std::uint8_t gpe0_blk_len;
  std::uint8_t gpe1_blk_len;
  std::uint8_t gpe1_base;
  std::uint8_t cst_cnt;
  std::uint16_t p_lvl2_lat;
  std::uint16_t p_lvl3_lat;
  std::uint16_t flush_size;
  std::uint16_t flush_stride;
  std::uint8_t duty_offset;
  std::uint8_t duty_width;
  std::uint8_t day_alrm;
  std::uint8_t mon_alrm;
  std::uint8_t century;
  std::uint16_t iapc_boot_arch;
  std::uint8_t reserved2;
  std::uint32_t flags;
  Register reset_reg;
  std::uint8_t reset_value;
  std::uint16_t arm_boot_arch;
  std::uint8_t minor_version;
  std::uint64_t x_firmware_ctrl;
  std::uint64_t x_dsdt;
  Register x_pm1a_evt_blk;
  Register x_pm1b_evt_blk;
  Register x_pm1a_cnt_blk;
  Register x_pm1b_cnt_blk;
  Register x_pm2_cnt_blk;
  Register x_pm_tmr_blk;
  Register x_gpe0_blk;
  Register x_gpe1_blk;
  Register sleep_control_reg;
  Register sleep_status_reg;
  std::uint64_t hypervisor_vendor_identity;
};
static_assert(offsetof(Fadt, sci_int) == 46 - header_bytes);
static_assert(offsetof(Fadt, pm1a_evt_blk) == 56 - header_bytes);
static_assert(offsetof(Fadt, iapc_boot_arch) == 109 - header_bytes);
static_assert(offsetof(Fadt, flags) == 112 - header_bytes);
static_assert(offsetof(Fadt, x_dsdt) == 140 - header_bytes);
static_assert(sizeof(Fadt) == 276 - header_bytes);

/// Table 5.10.
enum Flag : std::uint32_t {
  Wbinvd = 1 << 0,
  ProcC1 = 1 << 2,       // every processor can halt
  SleepButton = 1 << 5,  // set: not a fixed feature
  FixedRtc = 1 << 6,     // set: RTC wake status is not in the PM1 registers
  TimerIs32Bit = 1 << 8,
  ResetRegister = 1 << 10,
  Headless = 1 << 12,
  // Clear, and therefore there: the power button (bit 4) is a fixed feature.
};

/// Table 5.11.
enum BootArchitecture : std::uint16_t {
  LegacyDevices = 1 << 0,
  VgaNotPresent = 1 << 2,
  CmosRtcNotPresent = 1 << 5,
};

Register io_register(std::uint16_t port, std::uint8_t bits, Access access) {
  constexpr std::uint8_t system_io = 1;
  return {system_io, bits, 0, access, port};
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
  fadt.flags = Wbinvd | ProcC1 | SleepButton | FixedRtc | TimerIs32Bit | ResetRegister | Headless;
  fadt.minor_version = minor_version;
  describe_registers(fadt, machine.power);
  return Table{"FACP", major_version}.append(fadt).finish();
}

}  // namespace loader::acpi::x86_64
