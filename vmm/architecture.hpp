// Which processors a machine has.
#pragma once

#include <cstdint>
#include <string_view>

namespace vmm {

enum class Architecture : std::uint8_t { X86_64, Arm64 };

/// This host's, the only one it can run; any can be described (--dry-run).
extern const Architecture host_architecture;

/// As --arch spells it.
[[nodiscard]] constexpr std::string_view name(Architecture architecture) {
  return architecture == Architecture::X86_64 ? "x86_64" : "arm64";
}

}  // namespace vmm
