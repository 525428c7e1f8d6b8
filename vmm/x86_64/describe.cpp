#include "vmm/x86_64/describe.hpp"

#include <fmt/format.h>

#include "loader/x86_64/linux_boot.hpp"
#include "platform/guest_memory.hpp"
#include "vmm/description.hpp"
#include "vmm/x86_64/address_map.hpp"
#include "vmm/x86_64/board.hpp"

namespace vmm::x86_64 {
namespace {

using loader::x86_64::BootProtocol;
using loader::x86_64::KernelFormat;
using loader::x86_64::MemoryType;

std::string_view type_name(MemoryType type) {
  switch (type) {
    case MemoryType::Ram:
      return "RAM";
    case MemoryType::Reserved:
      return "reserved";
    case MemoryType::AcpiTables:
      return "ACPI tables";
  }
  return "?";
}

void add_devices(Description& out, const MachineConfig& config) {
  out.line("devices");
  for (std::size_t i = 0; i < serial_port_count; ++i) {
    if (config.serial[i].kind == SerialBackend::Kind::None) continue;
    const address_map::SerialPlace place = address_map::serial_ports[i];
    out.ports({place.base, devices::Uart16550::size_bytes},
              fmt::format("COM{}: 16550, IRQ {}, {}", i + 1, place.interrupt.value,
                          name(config.serial[i])));
  }
  out.ports({address_map::rtc, devices::CmosRtc::size_bytes},
            fmt::format("CMOS clock, IRQ {}", address_map::rtc_interrupt.value));
  out.ports(
      {address_map::power_management, devices::AcpiPm::size_bytes},
      fmt::format("ACPI power management, IRQ {}", address_map::power_management_interrupt.value));
  out.ports({{devices::PostCodePort::port}}, "boot marks 0x40 and 0x41");
  out.ports({{devices::NmiStatusPort::port}}, "NMI status");
  out.ports({{devices::FastResetPort::port}}, "fast reset");
  out.ports({{devices::I8042ResetPort::port}}, "keyboard controller: reset only");
  out.ports({{devices::ResetControlPort::port}}, "reset control");
  out.range({address_map::boot_timer, devices::BootTimer::size_bytes}, "boot timer: write 123");
  describe_virtio(out, config, address_map::virtio());
}

}  // namespace

std::string describe(const MachineConfig& config, const BootFiles& files) {
  platform::GuestMemory memory{address_map::ram(config.memory_bytes)};
  const auto loaded = files.load_unchanged(
      [&] { return loader::x86_64::load_linux(linux_boot(config, files), memory); });
  Description out;
  describe_size(out, config);
  out.line("kernel   {}: {}, entered at {:#x} by the {}", config.kernel_path,
           loaded.kernel.format == KernelFormat::Elf ? "ELF" : "bzImage",
           loaded.entry.instruction.value,
           loaded.entry.protocol == BootProtocol::Linux64 ? "64-bit boot protocol" : "PVH entry");
  out.line("memory map");
  for (const loader::x86_64::MemoryMapEntry& entry : loaded.memory_map) {
    out.range(entry.range, type_name(entry.type));
  }
  out.line("in RAM");
  out.range(loaded.kernel.claimed, "kernel");
  if (loaded.initrd) out.range(*loaded.initrd, fmt::format("initrd: {}", *config.initrd_path));
  add_devices(out, config);
  out.line("command line\n  {}", config.command_line);
  return std::move(out).take();
}

}  // namespace vmm::x86_64
