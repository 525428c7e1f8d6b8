// Everything a Linux guest finds in RAM at its first instruction: the whole loader in one call.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "loader/arm64/kernel.hpp"
#include "loader/arm64/machine.hpp"
#include "loader/arm64/memory_map.hpp"
#include "loader/bytes.hpp"
#include "loader/image.hpp"
#include "loader/smbios.hpp"
#include "platform/address.hpp"
#include "platform/guest_memory.hpp"

namespace loader::arm64 {

/// How the kernel learns what machine it is on.
enum class BootMode {
  Acpi,  // by ACPI tables, in the way an EFI stub would have left them
  DeviceTree,
};

/// COMMAND_LINE_SIZE - 1, on arm64 unchanged since its beginning.
inline constexpr std::uint32_t most_command_line_bytes = 2047;

struct LinuxBoot {
  Image kernel;
  std::optional<Image> initrd = {};
  std::string_view command_line = {};
  /// Its platform is one that platform::arm64::validate() accepts.
  Machine machine;
  smbios::Identity identity = {};  // seen in ACPI mode alone
  BootMode mode = BootMode::Acpi;
  Bytes rng_seed = {};           // none: the kernel looks for entropy elsewhere
  std::uint64_t kaslr_seed = 0;  // 0: none
};

/// What the boot vCPU's registers depend on; all others follow from booting.rst, 4.
struct BootEntry {
  platform::GuestAddress instruction;  // PC
  platform::GuestAddress device_tree;  // X0
};

struct LoadedLinux {
  BootEntry entry;
  LoadedKernel kernel;
  std::optional<platform::AddressRange> initrd;
  std::vector<MemoryMapEntry> memory_map;
};

/// Puts kernel, initrd, and all tables into `ram`, which must read as zero.
/// Throws BadImage ("<image's name>: ...") for a file, LoadError for the command line or the
/// machine, runtime::HostError when a file cannot be read.
[[nodiscard]] LoadedLinux load_linux(const LinuxBoot& boot, platform::GuestMemory& ram);

}  // namespace loader::arm64
