#include "loader/acpi/arm64/tables.hpp"

#include <cstdint>
#include <variant>

#include "loader/acpi/arm64/dsdt.hpp"
#include "loader/acpi/arm64/fadt.hpp"
#include "loader/acpi/arm64/gtdt.hpp"
#include "loader/acpi/arm64/iort.hpp"
#include "loader/acpi/arm64/madt.hpp"
#include "loader/acpi/arm64/serial_console.hpp"
#include "loader/acpi/arm64/topology.hpp"
#include "loader/acpi/numa.hpp"
#include "loader/acpi/pci.hpp"
#include "loader/acpi/table.hpp"
#include "loader/arm64/machine_tree.hpp"

namespace loader::acpi::arm64 {

Tables make_tables(const Machine& machine, platform::GuestAddress place) {
  constexpr std::uint8_t dsdt_revision = 2;  // integers of 64 bits
  TableSet tables{place};
  const platform::GuestAddress dsdt =
      tables.add(Table{"DSDT", dsdt_revision}.append(dsdt_content(machine)).finish());
  tables.list(make_fadt(machine, dsdt));
  tables.list(make_madt(machine));
  tables.list(make_gtdt(machine));
  tables.list(make_srat(machine));
  if (const auto nodes = loader::arm64::node_count(machine); nodes > 1) {
    tables.list(make_slit(nodes, machine.node_distances));
  }
  tables.list(make_pptt(machine));
  if (!machine.serial_ports.empty()) {
    tables.list(make_spcr(machine.serial_ports.front()));
    tables.list(make_dbg2(machine.serial_ports.front()));
  }
  if (machine.pci) {
    tables.list(make_mcfg(*machine.pci));
    const auto& messages = machine.platform.gic_msi;
    if (std::holds_alternative<platform::arm64::GicIts>(messages)) tables.list(make_iort());
  }
  return std::move(tables).finish();
}

}  // namespace loader::acpi::arm64
