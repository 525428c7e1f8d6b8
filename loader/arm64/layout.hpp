// Where everything lies in guest RAM. From the bottom of its first stretch upwards:
//
//   kernel     on the first 2 MiB boundary, plus its text_offset
//   tables     on the next 64 KiB boundary: ACPI, SMBIOS, EFI, memory map; then the device tree
//   initrd     on the next 2 MiB boundary, or in a further stretch of RAM
//
// The kernel's own early allocations come from the other end of RAM.
//
// Who reads what: the kernel the device tree, whose address is in X0. In /chosen it finds the
// command line, the initrd, and, where ACPI describes the machine, the EFI system table and memory
// map; the system table leads to ACPI and SMBIOS.
//
// Spec: Linux Documentation/arch/arm64/booting.rst, 2 and 4.
#pragma once

#include <cstdint>

#include "loader/image.hpp"
#include "platform/address.hpp"
#include "platform/guest_memory.hpp"

namespace loader::arm64 {

/// Room for the tables: at least 512 KiB, 64 KiB aligned, up to a 2 MiB boundary and across none,
/// so that the device tree crosses none either. Often what is left of the kernel's last huge page.
[[nodiscard]] platform::AddressRange table_area(platform::AddressRange kernel);

/// A 2 MiB boundary behind the tables, or in a further stretch of RAM, with room for an initrd: all
/// of it within the 32 GiB from the kernel's gigabyte on. Throws BadImage if there is none.
[[nodiscard]] platform::AddressRange find_initrd_place(std::uint64_t size_bytes,
                                                       platform::AddressRange kernel,
                                                       const platform::GuestMemory& ram);

/// Finds a place and puts the initrd there.
[[nodiscard]] platform::AddressRange place_initrd(const Image& image, platform::AddressRange kernel,
                                                  platform::GuestMemory& ram);

}  // namespace loader::arm64
