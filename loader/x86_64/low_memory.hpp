// Where everything but kernel and initrd lies: the first mebibyte of guest RAM.
//
// Who reads what: the boot vCPU the GDT and page tables (until the kernel has its own), the kernel
// boot_params or hvm_start_info, command line, RSDP, and through it the ACPI tables. Three things
// are found by search, and therefore lie where old BIOSes had them: the MP table and SMBIOS always,
// the RSDP by kernels before 5.0 (MP 1.4, 4; DSP0134, 5.2; ACPI 6.5, 5.2.5.1).
#pragma once

#include <cstdint>

#include "platform/address.hpp"

namespace loader::x86_64::low_memory {

using platform::AddressRange;
using platform::GuestAddress;

inline constexpr AddressRange gdt{GuestAddress{0x1000}, 0x1000};
/// The zero page: boot_params, or hvm_start_info with its lists for a PVH kernel.
inline constexpr AddressRange boot_params{GuestAddress{0x2000}, 0x1000};
inline constexpr AddressRange command_line{GuestAddress{0x3000}, 0x1000};
inline constexpr AddressRange page_tables{GuestAddress{0x4000}, 0x6000};
/// ACPI tables and then, on the next page, the SMBIOS structures.
inline constexpr AddressRange tables{GuestAddress{0x1'9000}, 0x9'F000 - 0x1'9000};
/// In the last KiB of base memory, one of the places where it is looked for.
inline constexpr AddressRange mp_floating_pointer{GuestAddress{0x9'FC00}, 16};
inline constexpr AddressRange bios_area{GuestAddress{0xE'0000}, 0x2'0000};
inline constexpr AddressRange rsdp{GuestAddress{0xE'0000}, 36};
inline constexpr AddressRange smbios_entry_point{GuestAddress{0xF'0000}, 24};
inline constexpr AddressRange mp_table{GuestAddress{0xF'1000}, 0x2000};
inline constexpr GuestAddress end{0x10'0000};

/// The rest of the 2 MiB page that all of the above have the host zero.
inline constexpr AddressRange small_initrd{end, 0x10'0000};

}  // namespace loader::x86_64::low_memory
