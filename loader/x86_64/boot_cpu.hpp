// What the boot vCPU needs in RAM before it runs its first instruction: descriptors, page tables.
//
// Spec: Documentation/arch/x86/boot.rst, "64-bit Boot Protocol"; Xen docs/misc/pvh.pandoc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "loader/x86_64/kernel.hpp"
#include "platform/address.hpp"
#include "platform/guest_memory.hpp"

namespace loader::x86_64 {

/// Selectors 0x08 (code), 0x10 (data), 0x18 (task state, for PVH only); all of them flat.
using Gdt = std::array<std::uint64_t, 4>;
[[nodiscard]] Gdt boot_gdt(BootProtocol protocol);

/// Maps the first 4 GiB to themselves in 2 MiB pages. Takes six pages from `place` on, the first of
/// them for the table where the CPU begins. Throws LoadError where there is no RAM.
void put_identity_page_tables(platform::GuestAddress place, platform::GuestMemory& ram);

}  // namespace loader::x86_64
