#include "loader/arm64/linux_boot.hpp"

#include <span>
#include <string>
#include <variant>

#include "loader/acpi/arm64/tables.hpp"
#include "loader/arm64/efi.hpp"
#include "loader/arm64/layout.hpp"
#include "loader/arm64/machine_tree.hpp"
#include "loader/placement.hpp"
#include "runtime/units.hpp"

namespace loader::arm64 {
namespace {

using platform::AddressRange;
using platform::GuestAddress;
using platform::GuestMemory;
using namespace runtime::literals;

/// Puts one table behind the other into the area for them.
class TableWriter {
 public:
  TableWriter(GuestMemory& ram, AddressRange area) : ram_{ram}, area_{area}, next_{area.start} {}

  /// Where the next table will lie.
  GuestAddress align(std::uint64_t alignment) {
    next_ = {runtime::align_up(next_.value, alignment)};
    return next_;
  }
  GuestAddress write(std::span<const std::byte> table, const char* what) {
    const GuestAddress place = next_;
    if (!area_.contains(AddressRange{place, table.size()})) {
      throw LoadError{"{} would end at {:#x}, expected the end of all tables below {:#x}", what,
                      place.value + table.size(), area_.end().value};
    }
    put(ram_, place, table, what);
    next_ = place + table.size();
    return place;
  }

 private:
  GuestMemory& ram_;
  AddressRange area_;
  GuestAddress next_;
};

std::vector<AddressRange> ram_ranges(const GuestMemory& ram) {
  std::vector<AddressRange> ranges;
  for (const auto& region : ram.regions()) ranges.push_back(region.guest);
  return ranges;
}

/// The RSDP and all it leads to.
GuestAddress write_acpi(const Machine& machine, TableWriter& tables) {
  const acpi::Tables acpi = acpi::arm64::make_tables(machine, tables.align(4_KiB));
  tables.write(acpi.bytes, "the ACPI tables");
  tables.align(16);
  return tables.write(acpi.rsdp, "the RSDP");
}

/// The entry point and the structures it leads to.
GuestAddress write_smbios(const smbios::Identity& identity, TableWriter& tables) {
  const Bytes structures = smbios::structure_table(identity);
  tables.align(16);
  const AddressRange place{tables.write(structures, "the SMBIOS table"), structures.size()};
  tables.align(16);
  return tables.write(smbios::entry_point(place), "the SMBIOS entry point");
}

/// All that leads from EFI to the machine's description. It is one stretch of the memory map, and
/// not of the kind a kernel takes for its own: it reads SMBIOS when it has long been allocating,
/// and a kernel it hands over to by kexec reads everything again.
EfiHandOff write_firmware(const LinuxBoot& boot, GuestAddress start, TableWriter& tables,
                          std::vector<AddressRange> ram, std::vector<MemoryMapEntry>& map) {
  EfiTables efi;
  efi.rsdp = write_acpi(boot.machine, tables);
  efi.smbios_entry_point = write_smbios(boot.identity, tables);
  efi.has_memory_reservations =
      std::holds_alternative<platform::arm64::GicIts>(boot.machine.platform.gic_msi);
  const GuestAddress efi_place = tables.align(4_KiB);
  const GuestAddress system_table =
      tables.write(make_efi_tables(efi, efi_place), "the EFI system table");

  // One entry for each stretch of RAM, of which one is cut into three.
  const GuestAddress map_place = tables.align(8);
  const GuestAddress most = map_place + (ram.size() + 2) * memory_descriptor_bytes;
  const GuestAddress end{runtime::align_up(most.value, memory_granularity)};
  map = memory_map(ram, {start, end - start});
  const Bytes descriptors = memory_descriptors(map);
  tables.write(descriptors, "the EFI memory map");
  return {.system_table = system_table,
          .memory_map = map_place,
          .memory_map_bytes = static_cast<std::uint32_t>(descriptors.size()),
          .descriptor_bytes = memory_descriptor_bytes,
          .descriptor_version = memory_descriptor_version};
}

/// Returns where the device tree lies.
GuestAddress write_tables(const LinuxBoot& boot, LoadedLinux& loaded, GuestMemory& ram) {
  const AddressRange area = table_area(loaded.kernel.claimed);
  TableWriter tables{ram, area};
  Chosen chosen{.bootargs = std::string{boot.command_line},
                .initrd = loaded.initrd,
                .rng_seed = boot.rng_seed,
                .kaslr_seed = boot.kaslr_seed};
  if (boot.mode == BootMode::Acpi) {
    chosen.efi = write_firmware(boot, area.start, tables, ram_ranges(ram), loaded.memory_map);
  } else {
    loaded.memory_map = memory_map(ram_ranges(ram), {});
  }
  tables.align(memory_granularity);
  return tables.write(
      boot.mode == BootMode::Acpi ? stub_tree(chosen) : machine_tree(boot.machine, chosen),
      "the device tree");
}

}  // namespace

LoadedLinux load_linux(const LinuxBoot& boot, GuestMemory& ram) {
  check_command_line(boot.command_line, most_command_line_bytes);
  LoadedLinux loaded;
  loaded.kernel = naming(boot.kernel, [&] { return load_kernel(boot.kernel, ram); });
  const AddressRange kernel = loaded.kernel.claimed;
  if (boot.initrd) {
    loaded.initrd = naming(*boot.initrd, [&] { return place_initrd(*boot.initrd, kernel, ram); });
  }
  loaded.entry = {kernel.start, write_tables(boot, loaded, ram)};
  return loaded;
}

}  // namespace loader::arm64
