#include "loader/x86_64/linux_boot.hpp"

#include <span>
#include <string>
#include <utility>

#include "loader/acpi/x86_64/tables.hpp"
#include "loader/placement.hpp"
#include "loader/x86_64/boot_cpu.hpp"
#include "loader/x86_64/boot_params.hpp"
#include "loader/x86_64/initrd.hpp"
#include "loader/x86_64/low_memory.hpp"
#include "loader/x86_64/mp_table.hpp"
#include "loader/x86_64/pvh.hpp"
#include "runtime/units.hpp"

namespace loader::x86_64 {
namespace {

using platform::AddressRange;
using platform::GuestAddress;
using platform::GuestMemory;
using namespace runtime::literals;

void put_command_line(std::string_view text, const LoadedKernel& kernel, GuestMemory& ram) {
  const std::size_t slot_bytes = low_memory::command_line.size_bytes - 1;  // without the NUL
  const std::size_t most = std::min<std::size_t>(slot_bytes, kernel.limits.command_line_bytes);
  check_command_line(text, most);
  put(ram, low_memory::command_line.start, std::as_bytes(std::span{text}), "the command line");
}

struct LowTables {
  AddressRange acpi;
  AddressRange smbios;
};

/// ACPI tables, on the next page SMBIOS structures, the MP table, and the anchors that lead to
/// them.
LowTables put_firmware_tables(const LinuxBoot& boot, GuestMemory& ram) {
  const GuestAddress start = low_memory::tables.start;
  const acpi::Tables acpi = acpi::x86_64::make_tables(boot.machine, start);
  const auto smbios = smbios::structure_table(boot.identity);
  const LowTables tables{{start, acpi.bytes.size()},
                         {start + runtime::align_up(acpi.bytes.size(), 4_KiB), smbios.size()}};
  if (tables.smbios.end() > low_memory::tables.end()) {
    throw LoadError{"ACPI and SMBIOS tables end at {:#x}, expected them below {:#x}",
                    tables.smbios.end().value, low_memory::tables.end().value};
  }
  put(ram, tables.acpi.start, acpi.bytes, "the ACPI tables");
  put(ram, tables.smbios.start, smbios, "the SMBIOS table");
  put(ram, low_memory::rsdp.start, acpi.rsdp, "the RSDP");
  put(ram, low_memory::smbios_entry_point.start, smbios::entry_point(tables.smbios),
      "the SMBIOS entry point");
  put(ram, low_memory::mp_table.start, mp::configuration_table(boot.machine), "the MP table");
  put(ram, low_memory::mp_floating_pointer.start, mp::floating_pointer(low_memory::mp_table.start),
      "the MP floating pointer");
  return tables;
}

std::vector<AddressRange> ram_ranges(const GuestMemory& ram) {
  std::vector<AddressRange> ranges;
  for (const auto& region : ram.regions()) ranges.push_back(region.guest);
  return ranges;
}

/// boot_params or hvm_start_info, whichever the kernel reads.
void put_parameters(const LoadedLinux& loaded, GuestMemory& ram) {
  const AddressRange place = low_memory::boot_params;
  if (loaded.kernel.protocol == BootProtocol::Pvh32) {
    put(ram, place.start, make_hvm_start_info(place, loaded.initrd, loaded.memory_map),
        "PVH start information");
    return;
  }
  const BootParams params = make_boot_params(loaded.kernel, loaded.initrd, loaded.memory_map);
  put(ram, place.start, std::as_bytes(std::span{&params, 1}), "boot_params");
}

BootEntry prepare_entry(const LoadedKernel& kernel, GuestMemory& ram) {
  const Gdt gdt = boot_gdt(kernel.protocol);
  put(ram, low_memory::gdt.start, std::as_bytes(std::span{gdt}), "the GDT");
  put_identity_page_tables(low_memory::page_tables.start, ram);
  return {.protocol = kernel.protocol,
          .instruction = kernel.entry,
          .parameters = low_memory::boot_params.start,
          .page_tables = low_memory::page_tables.start,
          .gdt = low_memory::gdt.start,
          .gdt_limit = sizeof gdt - 1};
}

}  // namespace

LoadedLinux load_linux(const LinuxBoot& boot, GuestMemory& ram) {
  LoadedLinux loaded;
  loaded.kernel =
      naming(boot.kernel, [&] { return load_kernel(boot.kernel, ram, boot.kernel_entry); });
  if (boot.initrd) {
    loaded.initrd =
        naming(*boot.initrd, [&] { return place_initrd(*boot.initrd, loaded.kernel, ram); });
  }
  put_command_line(boot.command_line, loaded.kernel, ram);
  const LowTables tables = put_firmware_tables(boot, ram);
  loaded.memory_map = memory_map(ram_ranges(ram), tables.acpi, tables.smbios);
  put_parameters(loaded, ram);
  loaded.entry = prepare_entry(loaded.kernel, ram);
  return loaded;
}

}  // namespace loader::x86_64
