#include "loader/acpi/arm64/madt.hpp"

#include <cstdint>
#include <variant>

#include "loader/acpi/table.hpp"

namespace loader::acpi::arm64 {
namespace {

using namespace platform::arm64;
using loader::arm64::Machine;

struct [[gnu::packed]] ControllerAddress {
  std::uint32_t local_apic = 0;  // there is none
  std::uint32_t flags = 0;
};
struct [[gnu::packed]] GicCpuInterface {
  std::uint8_t type = 0xB;
  std::uint8_t length = 80;
  std::uint16_t reserved = 0;
  std::uint32_t cpu_interface_number = 0;
  std::uint32_t uid;
  std::uint32_t flags = 1;  // enabled; the PMU's interrupt is level-triggered
  std::uint32_t parking_protocol_version = 0;
  std::uint32_t performance_interrupt = 0;
  std::uint64_t parked_address = 0;
  std::uint64_t base_address = 0;
  std::uint64_t gicv = 0;
  std::uint64_t gich = 0;
  std::uint32_t vgic_maintenance_interrupt = 0;
  std::uint64_t gicr_base_address = 0;
  std::uint64_t mpidr;
  std::uint8_t efficiency_class = 0;
  std::uint8_t reserved2 = 0;
  std::uint16_t spe_overflow_interrupt = 0;
};
struct [[gnu::packed]] GicDistributor {
  std::uint8_t type = 0xC;
  std::uint8_t length = 24;
  std::uint16_t reserved = 0;
  std::uint32_t id = 0;
  std::uint64_t base_address;
  std::uint32_t system_vector_base = 0;
  std::uint8_t version;
  std::uint8_t reserved2[3] = {};
};
struct [[gnu::packed]] GicMsiFrame {
  std::uint8_t type = 0xD;
  std::uint8_t length = 24;
  std::uint16_t reserved = 0;
  std::uint32_t id = 0;
  std::uint64_t base_address;
  std::uint32_t flags = 1;  // the next two are valid, and override the frame's register
  std::uint16_t spi_count;
  std::uint16_t spi_base;
};
struct [[gnu::packed]] GicRedistributors {
  std::uint8_t type = 0xE;
  std::uint8_t length = 16;
  std::uint16_t reserved = 0;
  std::uint64_t base_address;
  std::uint32_t size_bytes;
};
struct [[gnu::packed]] GicInterruptTranslation {
  std::uint8_t type = 0xF;
  std::uint8_t length = 20;
  std::uint16_t reserved = 0;
  std::uint32_t id = 0;
  std::uint64_t base_address;
  std::uint32_t reserved2 = 0;
};
static_assert(sizeof(GicCpuInterface) == 80 && sizeof(GicDistributor) == 24);
static_assert(sizeof(GicMsiFrame) == 24 && sizeof(GicRedistributors) == 16);
static_assert(sizeof(GicInterruptTranslation) == 20);

void append_processors(const Machine& machine, Table& table) {
  const auto* const v2 = std::get_if<GicV2>(&machine.platform.gic_version);
  const auto pmu = machine.platform.pmu_gsiv;
  for (std::uint32_t index = 0; index < machine.processors.size(); ++index) {
    GicCpuInterface gicc{.uid = index + 1, .mpidr = machine.processors[index].mpidr};
    if (pmu) gicc.performance_interrupt = pmu->value;
    if (v2 != nullptr) {
      gicc.cpu_interface_number = index;
      gicc.base_address = v2->cpu_interface_base.value;
    }
    table.append(gicc);
  }
}

/// As one region rather than with each processor: a kernel then maps and identifies it once.
void append_redistributors(const Machine& machine, Table& table) {
  const auto* const v3 = std::get_if<GicV3>(&machine.platform.gic_version);
  if (v3 == nullptr) return;
  table.append(GicRedistributors{.base_address = v3->gic_redistributors_base.value,
                                 .size_bytes = static_cast<std::uint32_t>(
                                     machine.processors.size() * gic_redistributor_bytes)});
}

void append_messages(const GicMsi& messages, Table& table) {
  if (const auto* const v2m = std::get_if<GicV2m>(&messages)) {
    table.append(GicMsiFrame{.base_address = v2m->frame_base.value,
                             .spi_count = static_cast<std::uint16_t>(v2m->spi_count),
                             .spi_base = static_cast<std::uint16_t>(v2m->spi_base.value)});
  }
  if (const auto* const its = std::get_if<GicIts>(&messages)) {
    table.append(GicInterruptTranslation{.base_address = its->its_base.value});
  }
}

}  // namespace

Bytes make_madt(const Machine& machine) {
  constexpr std::uint8_t revision = 5;
  const bool is_v3 = std::holds_alternative<GicV3>(machine.platform.gic_version);
  Table table{"APIC", revision};
  table.append(ControllerAddress{});
  table.append(GicDistributor{.base_address = machine.platform.gic_distributor_base.value,
                              .version = is_v3 ? std::uint8_t{3} : std::uint8_t{2}});
  append_processors(machine, table);
  append_redistributors(machine, table);
  append_messages(machine.platform.gic_msi, table);
  return table.finish();
}

}  // namespace loader::acpi::arm64
