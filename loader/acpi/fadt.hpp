// The fixed ACPI description table's layout. An architecture fills in what it has.
//
// Spec: ACPI 6.5, 5.2.9; 5.2.3.2 (generic addresses).
#pragma once

#include <cstddef>
#include <cstdint>

namespace loader::acpi {

struct [[gnu::packed]] GenericAddress {
  std::uint8_t space;
  std::uint8_t bits;
  std::uint8_t bit_offset;
  std::uint8_t access;
  std::uint64_t address;
};
enum AddressSpace : std::uint8_t { SystemMemory = 0, SystemIo = 1 };
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
  GenericAddress reset_reg;
  std::uint8_t reset_value;
  std::uint16_t arm_boot_arch;
  std::uint8_t minor_version;
  std::uint64_t x_firmware_ctrl;
  std::uint64_t x_dsdt;
  GenericAddress x_pm1a_evt_blk;
  GenericAddress x_pm1b_evt_blk;
  GenericAddress x_pm1a_cnt_blk;
  GenericAddress x_pm1b_cnt_blk;
  GenericAddress x_pm2_cnt_blk;
  GenericAddress x_pm_tmr_blk;
  GenericAddress x_gpe0_blk;
  GenericAddress x_gpe1_blk;
  GenericAddress sleep_control_reg;
  GenericAddress sleep_status_reg;
  std::uint64_t hypervisor_vendor_identity;
};

inline constexpr std::size_t fadt_header_bytes = 36;
static_assert(offsetof(Fadt, sci_int) == 46 - fadt_header_bytes);
static_assert(offsetof(Fadt, pm1a_evt_blk) == 56 - fadt_header_bytes);
static_assert(offsetof(Fadt, iapc_boot_arch) == 109 - fadt_header_bytes);
static_assert(offsetof(Fadt, flags) == 112 - fadt_header_bytes);
static_assert(offsetof(Fadt, arm_boot_arch) == 129 - fadt_header_bytes);
static_assert(offsetof(Fadt, x_dsdt) == 140 - fadt_header_bytes);
static_assert(sizeof(Fadt) == 276 - fadt_header_bytes);

/// Table 5.10.
enum FadtFlag : std::uint32_t {
  Wbinvd = 1 << 0,
  ProcC1 = 1 << 2,       // every processor can halt
  SleepButton = 1 << 5,  // set: not a fixed feature
  FixedRtc = 1 << 6,     // set: RTC wake status is not in the PM1 registers
  TimerIs32Bit = 1 << 8,
  ResetRegister = 1 << 10,
  Headless = 1 << 12,
  HardwareReduced = 1 << 20,  // none of the fixed hardware exists
};

}  // namespace loader::acpi
