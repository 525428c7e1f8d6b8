#include "loader/acpi/arm64/fadt.hpp"

#include <cstdint>

#include "loader/acpi/fadt.hpp"
#include "loader/acpi/table.hpp"

namespace loader::acpi::arm64 {
namespace {

/// Table 5-37.
enum ArmBootArchitecture : std::uint16_t {
  PsciCompliant = 1 << 0,
  PsciUseHvc = 1 << 1,
};

}  // namespace

Bytes make_fadt(const loader::arm64::Machine& machine, platform::GuestAddress dsdt) {
  constexpr std::uint8_t major_version = 6;
  constexpr std::uint8_t minor_version = 3;
  Fadt fadt{};
  fadt.x_dsdt = dsdt.value;
  fadt.flags = HardwareReduced | Headless;
  fadt.arm_boot_arch = PsciCompliant | PsciUseHvc;
  fadt.minor_version = minor_version;
  fadt.hypervisor_vendor_identity = machine.platform.hypervisor_vendor_identity;
  return Table{"FACP", major_version}.append(fadt).finish();
}

}  // namespace loader::acpi::arm64
