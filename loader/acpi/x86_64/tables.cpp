#include "loader/acpi/x86_64/tables.hpp"

#include <cstdint>

#include "loader/acpi/pci.hpp"
#include "loader/acpi/table.hpp"
#include "loader/acpi/x86_64/dsdt.hpp"
#include "loader/acpi/x86_64/fadt.hpp"
#include "loader/acpi/x86_64/madt.hpp"
#include "loader/acpi/x86_64/numa.hpp"

namespace loader::acpi::x86_64 {

Tables make_tables(const Machine& machine, platform::GuestAddress place) {
  constexpr std::uint8_t dsdt_revision = 2;  // integers of 64 bits
  TableSet tables{place};
  const platform::GuestAddress dsdt =
      tables.add(Table{"DSDT", dsdt_revision}.append(dsdt_content(machine)).finish());
  tables.list(make_fadt(machine, dsdt));
  tables.list(make_madt(machine));
  tables.list(make_srat(machine));
  if (node_count(machine) > 1) tables.list(make_slit(machine));
  if (machine.pci) tables.list(make_mcfg(*machine.pci));
  return std::move(tables).finish();
}

}  // namespace loader::acpi::x86_64
