// Where the initrd goes.
#pragma once

#include <cstdint>

#include "loader/image.hpp"
#include "loader/x86_64/kernel.hpp"
#include "platform/address.hpp"
#include "platform/guest_memory.hpp"

namespace loader::x86_64 {

/// A 2 MiB boundary with room for an initrd: behind the kernel (early kernel allocations come from
/// the other end of RAM), else below it, else at the start of a further stretch of RAM. A small one
/// goes to low_memory::small_initrd if it can: on a boundary it would have 2 MiB zeroed for itself.
/// Throws BadImage if there is none that the kernel accepts.
[[nodiscard]] platform::AddressRange find_initrd_place(std::uint64_t size_bytes,
                                                       const LoadedKernel& kernel,
                                                       const platform::GuestMemory& ram);

/// Finds a place and puts the initrd there.
[[nodiscard]] platform::AddressRange place_initrd(const Image& image, const LoadedKernel& kernel,
                                                  platform::GuestMemory& ram);

}  // namespace loader::x86_64
