#include "vmm/dry_run.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "loader/x86_64/linux_boot.hpp"
#include "platform/guest_memory.hpp"
#include "vmm/address_map.hpp"
#include "vmm/machine.hpp"
#include "vmm/size.hpp"

namespace vmm {
namespace {

using Text = std::back_insert_iterator<std::string>;

std::string_view type_name(loader::x86_64::MemoryType type) {
  switch (type) {
    case loader::x86_64::MemoryType::Ram:
      return "RAM";
    case loader::x86_64::MemoryType::Reserved:
      return "reserved";
    case loader::x86_64::MemoryType::AcpiTables:
      return "ACPI tables";
  }
  return "?";
}

std::string backend_name(const SerialBackend& backend) {
  switch (backend.kind) {
    case SerialBackend::Kind::None:
      return "none";
    case SerialBackend::Kind::Console:
      return "console";
    case SerialBackend::Kind::Stderr:
      return "stderr";
    case SerialBackend::Kind::File:
      return "file=" + backend.path;
    case SerialBackend::Kind::Listen:
      return "listen=" + backend.path;
    case SerialBackend::Kind::Pty:
      return "pty";
  }
  return "?";
}

void add_range(Text out, platform::AddressRange range, std::string_view what) {
  fmt::format_to(out, "  {:#014x} - {:#014x}  {}\n", range.start.value, range.end().value - 1,
                 what);
}

void add_ports(Text out, platform::Port first, std::uint64_t count, std::string_view what) {
  if (count == 1) {
    fmt::format_to(out, "  port {:#05x}          {}\n", first.value, what);
  } else {
    fmt::format_to(out, "  port {:#05x}-{:#05x}    {}\n", first.value, first.value + count - 1,
                   what);
  }
}

void add_devices(Text out, const MachineConfig& config) {
  fmt::format_to(out, "devices\n");
  for (std::size_t i = 0; i < serial_port_count; ++i) {
    if (config.serial[i].kind == SerialBackend::Kind::None) continue;
    const address_map::SerialPlace place = address_map::serial_ports[i];
    add_ports(out, place.base, devices::Uart16550::size_bytes,
              fmt::format("COM{}: 16550, IRQ {}, {}", i + 1, place.interrupt.value,
                          backend_name(config.serial[i])));
  }
  add_ports(out, address_map::rtc, devices::CmosRtc::size_bytes,
            fmt::format("CMOS clock, IRQ {}", address_map::rtc_interrupt.value));
  add_ports(
      out, address_map::power_management, devices::AcpiPm::size_bytes,
      fmt::format("ACPI power management, IRQ {}", address_map::power_management_interrupt.value));
  add_ports(out, {devices::PostCodePort::port}, 1, "boot marks 0x40 and 0x41");
  add_ports(out, {devices::NmiStatusPort::port}, 1, "NMI status");
  add_ports(out, {devices::FastResetPort::port}, 1, "fast reset");
  add_ports(out, {devices::I8042ResetPort::port}, 1, "keyboard controller: reset only");
  add_ports(out, {devices::ResetControlPort::port}, 1, "reset control");
  add_range(out, {address_map::boot_timer, devices::BootTimer::size_bytes},
            "boot timer: write 123");
}

}  // namespace

std::string describe_machine(const MachineConfig& config, const BootFiles& files) {
  platform::GuestMemory memory{address_map::ram(config.memory_bytes)};
  const loader::x86_64::LoadedLinux loaded =
      loader::x86_64::load_linux(linux_boot(config, files), memory);
  std::string text;
  const Text out{text};
  fmt::format_to(out, "machine  x86_64, {} processor{}, {} of RAM\n", config.processors,
                 config.processors == 1 ? "" : "s", format_size(config.memory_bytes));
  fmt::format_to(out, "kernel   {}: {}, entered at {:#x} by the {}\n", config.kernel_path,
                 loaded.kernel.format == loader::x86_64::KernelFormat::Elf ? "ELF" : "bzImage",
                 loaded.entry.instruction.value,
                 loaded.entry.protocol == loader::x86_64::BootProtocol::Linux64
                     ? "64-bit boot protocol"
                     : "PVH entry");
  fmt::format_to(out, "memory map\n");
  for (const loader::x86_64::MemoryMapEntry& entry : loaded.memory_map) {
    add_range(out, entry.range, type_name(entry.type));
  }
  fmt::format_to(out, "in RAM\n");
  add_range(out, loaded.kernel.claimed, "kernel");
  if (loaded.initrd) add_range(out, *loaded.initrd, fmt::format("initrd: {}", *config.initrd_path));
  add_devices(out, config);
  fmt::format_to(out, "command line\n  {}\n", config.command_line);
  return text;
}

}  // namespace vmm
