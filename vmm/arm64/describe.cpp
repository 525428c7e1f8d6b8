#include "vmm/arm64/describe.hpp"

#include <fmt/format.h>

#include "platform/guest_memory.hpp"
#include "vmm/arm64/address_map.hpp"
#include "vmm/arm64/board.hpp"
#include "vmm/arm64/platform_config.hpp"
#include "vmm/description.hpp"

namespace vmm::arm64 {
namespace {

using loader::arm64::BootMode;
using loader::arm64::KernelFormat;
using loader::arm64::LoadedLinux;
using loader::arm64::MemoryType;
using platform::arm64::GicIts;
using platform::arm64::GicV2m;
using platform::arm64::GicV3;
using platform::arm64::PlatformConfig;

std::string_view format_name(KernelFormat format) {
  switch (format) {
    case KernelFormat::Image:
      return "Image";
    case KernelFormat::PackedImage:
      return "compressed Image";
    case KernelFormat::Zboot:
      return "EFI zboot image";
  }
  return "?";
}

void add_interrupt_controller(Description& out, const PlatformConfig& platform,
                              std::uint32_t processors) {
  using namespace platform::arm64;
  if (const auto* v3 = std::get_if<GicV3>(&platform.gic_version)) {
    out.range({platform.gic_distributor_base, gic_distributor_bytes}, "GICv3: distributor");
    out.range({v3->gic_redistributors_base, processors * gic_redistributor_bytes},
              "GICv3: redistributors");
  } else {
    out.range({platform.gic_distributor_base, gic_v2_distributor_bytes}, "GICv2: distributor");
    out.range(
        {std::get<GicV2>(platform.gic_version).cpu_interface_base, gic_v2_cpu_interface_bytes},
        "GICv2: processor interface");
  }
  if (const auto* its = std::get_if<GicIts>(&platform.gic_msi)) {
    out.range({its->its_base, gic_its_bytes}, "ITS");
  } else if (const auto* v2m = std::get_if<GicV2m>(&platform.gic_msi)) {
    out.range({v2m->frame_base, gic_v2m_bytes},
              fmt::format("GICv2m: interrupts {}-{}", v2m->spi_base.value,
                          v2m->spi_base.value + v2m->spi_count - 1));
  }
}

void add_devices(Description& out, const MachineConfig& config, const PlatformConfig& platform) {
  out.line("devices");
  add_interrupt_controller(out, platform, config.processors);
  for (std::size_t i = 0; i < address_map::serial_ports.size(); ++i) {
    if (config.serial[i].kind == SerialBackend::Kind::None) continue;
    const address_map::SerialPlace place = address_map::serial_ports[i];
    out.range({place.base, devices::Pl011::size_bytes},
              fmt::format("COM{}: PL011, interrupt {}, {}", i + 1, place.interrupt.value,
                          name(config.serial[i])));
  }
  out.range({address_map::rtc, devices::Pl031::size_bytes},
            fmt::format("PL031 clock, interrupt {}", address_map::rtc_interrupt.value));
  out.range({address_map::boot_timer, devices::BootTimer::size_bytes},
            "boot timer: write 123; at +8 boot marks 0x40 and 0x41");
  if (config.device_tree) {
    out.range({address_map::power_key, devices::PowerKey::size_bytes},
              fmt::format("PL061: power button on pin {}, interrupt {}", devices::PowerKey::pin,
                          address_map::power_interrupt.value));
  } else {
    out.line("  interrupt {}                           power button",
             address_map::power_interrupt.value);
  }
  out.line("  interrupt {}                           virtual timer", platform.virt_timer_ppi.value);
  describe_virtio(out, config, address_map::virtio());
  if (platform.pmu_gsiv)
    out.line("  interrupt {}                           PMU", platform.pmu_gsiv->value);
}

void add_memory(Description& out, const MachineConfig& config, const LoadedLinux& loaded) {
  out.line("memory map");
  for (const loader::arm64::MemoryMapEntry& entry : loaded.memory_map) {
    out.range(entry.range, entry.type == MemoryType::Conventional ? "RAM" : "tables");
  }
  out.line("in RAM");
  out.range(loaded.kernel.claimed, "kernel");
  if (loaded.initrd) out.range(*loaded.initrd, fmt::format("initrd: {}", *config.initrd_path));
}

}  // namespace

std::string describe(const MachineConfig& config, const BootFiles& files) {
  platform::GuestMemory memory{address_map::ram(config.memory_bytes)};
  const PlatformConfig platform = platform_config(config, any_host);
  std::vector<std::uint64_t> mpidrs;
  for (std::uint32_t i = 0; i < config.processors; ++i)
    mpidrs.push_back(platform::arm64::default_mpidr(i));
  const auto boot = linux_boot(config, files, platform, mpidrs);
  const LoadedLinux loaded =
      files.load_unchanged([&] { return loader::arm64::load_linux(boot, memory); });
  Description out;
  describe_size(out, config);
  out.line("kernel   {}: {}, entered at {:#x}, told by {}", config.kernel_path,
           format_name(loaded.kernel.format), loaded.entry.instruction.value,
           boot.mode == BootMode::Acpi ? "ACPI tables" : "a device tree");
  add_memory(out, config, loaded);
  add_devices(out, config, platform);
  out.line("command line\n  {}", config.command_line);
  return std::move(out).take();
}

}  // namespace vmm::arm64
