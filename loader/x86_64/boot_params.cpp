#include "loader/x86_64/boot_params.hpp"

#include "loader/x86_64/low_memory.hpp"

namespace loader::x86_64 {
namespace {

/// What a vmlinux, which brings no header, would say of itself.
SetupHeader header_of_vmlinux() {
  SetupHeader header{};
  header.boot_flag = setup_boot_flag;
  header.header = setup_magic;
  header.version = 0x020C;  // the oldest protocol with all the fields set here
  header.loadflags = LoadedHigh;
  header.xloadflags = Kernel64 | CanBeLoadedAbove4G;
  header.kernel_alignment = 0x10'0000;
  return header;
}

constexpr std::uint32_t low_half(std::uint64_t value) {
  return static_cast<std::uint32_t>(value);
}
constexpr std::uint32_t high_half(std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> 32);
}

void set_initrd(BootParams& params, platform::AddressRange initrd) {
  params.header.ramdisk_image = low_half(initrd.start.value);
  params.header.ramdisk_size = low_half(initrd.size_bytes);
  params.ext_ramdisk_image = high_half(initrd.start.value);
  params.ext_ramdisk_size = high_half(initrd.size_bytes);
}

void set_memory_map(BootParams& params, std::span<const MemoryMapEntry> map) {
  if (map.size() > params.e820_table.size()) {
    throw LoadError{"a memory map of {} entries, expected at most {}", map.size(),
                    params.e820_table.size()};
  }
  params.e820_entries = static_cast<std::uint8_t>(map.size());
  for (std::size_t index = 0; index < map.size(); ++index) {
    params.e820_table[index] = {map[index].range.start.value, map[index].range.size_bytes,
                                static_cast<std::uint32_t>(map[index].type)};
  }
}

}  // namespace

BootParams make_boot_params(const LoadedKernel& kernel,
                            std::optional<platform::AddressRange> initrd,
                            std::span<const MemoryMapEntry> memory_map) {
  constexpr std::uint8_t unregistered_loader = 0xFF;
  BootParams params{};
  params.header = kernel.setup_header.value_or(header_of_vmlinux());
  params.header.type_of_loader = unregistered_loader;
  params.header.cmd_line_ptr = low_half(low_memory::command_line.start.value);
  params.header.cmdline_size = kernel.limits.command_line_bytes;
  params.acpi_rsdp_addr = low_memory::rsdp.start.value;
  if (initrd) set_initrd(params, *initrd);
  set_memory_map(params, memory_map);
  return params;
}

}  // namespace loader::x86_64
