// Everything a Linux guest finds in RAM at its first instruction: the whole loader in one call.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "loader/acpi/x86_64/machine.hpp"
#include "loader/image.hpp"
#include "loader/smbios.hpp"
#include "loader/x86_64/kernel.hpp"
#include "loader/x86_64/memory_map.hpp"
#include "platform/address.hpp"
#include "platform/guest_memory.hpp"

namespace loader::x86_64 {

struct LinuxBoot {
  Image kernel;
  KernelEntry kernel_entry = KernelEntry::Automatic;
  std::optional<Image> initrd = {};
  std::string_view command_line = {};
  acpi::x86_64::Machine machine;
  smbios::Identity identity = {};
};

/// What the boot vCPU's registers depend on. The rest of them follows from the protocol.
struct BootEntry {
  BootProtocol protocol = BootProtocol::Linux64;
  platform::GuestAddress instruction;  // RIP
  platform::GuestAddress parameters;   // Linux64: RSI = boot_params; Pvh32: EBX = hvm_start_info
  platform::GuestAddress page_tables;  // Linux64: CR3; Pvh32: unused, paging is off
  platform::GuestAddress gdt;          // selectors: 0x08 code, 0x10 data, 0x18 TSS (Pvh32 only)
  std::uint16_t gdt_limit = 0;
};

struct LoadedLinux {
  BootEntry entry;
  LoadedKernel kernel;
  std::optional<platform::AddressRange> initrd;
  std::vector<MemoryMapEntry> memory_map;
};

/// Puts kernel, initrd, command line and all tables into `ram`, which must read as zero.
/// Throws BadImage ("<image's name>: ...") for a file, LoadError for the command line or the
/// machine, runtime::HostError when a file cannot be read.
[[nodiscard]] LoadedLinux load_linux(const LinuxBoot& boot, platform::GuestMemory& ram);

}  // namespace loader::x86_64
