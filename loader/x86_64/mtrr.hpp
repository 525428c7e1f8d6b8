// Memory type range registers: RAM is write-back, everything else uncached.
//
// Spec: Intel SDM volume 3, 12.11. Every vCPU gets the same values; Linux complains otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "platform/address.hpp"

namespace loader::x86_64 {

struct MsrValue {
  std::uint32_t index;
  std::uint64_t value;
  friend constexpr bool operator==(MsrValue, MsrValue) = default;
};

struct MtrrLayout {
  platform::GuestAddress ram_end;
  platform::AddressRange low_mmio;                       // ends at 4 GiB
  std::optional<platform::AddressRange> high_mmio = {};  // above RAM, or with RAM on both sides
  unsigned physical_address_bits = 36;
};

/// Fixed and variable ranges, and last the register that turns them on.
[[nodiscard]] std::vector<MsrValue> mtrrs(const MtrrLayout& layout);

}  // namespace loader::x86_64
