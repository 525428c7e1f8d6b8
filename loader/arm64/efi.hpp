// What an EFI firmware leaves in memory for an operating system that has taken over: the system
// table and the tables it leads to. There are no services to call.
//
// Spec: UEFI 2.10, 4.2 (table header), 4.3 (system table), 4.6 (configuration tables); Linux
//       drivers/firmware/efi/efi.c (what is read), include/linux/efi.h (LINUX_EFI_*).
#pragma once

#include "loader/bytes.hpp"
#include "platform/address.hpp"

namespace loader::arm64 {

struct EfiTables {
  platform::GuestAddress rsdp;
  platform::GuestAddress smbios_entry_point;
  /// An empty list of memory that stays reserved over kexec, for Linux to add to: it keeps an ITS's
  /// tables there, and complains where there is no such list.
  bool has_memory_reservations = false;
};

/// The system table, which comes first, and behind it what it points to. `place` is a multiple of 8
/// and on one page with all of it.
[[nodiscard]] Bytes make_efi_tables(const EfiTables& tables, platform::GuestAddress place);

}  // namespace loader::arm64
