// One input of a fuzz target as a kernel file, loaded by one entry into RAM of its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "loader/x86_64/initrd.hpp"
#include "loader/x86_64/kernel.hpp"
#include "platform/guest_memory.hpp"

/// A kernel that loads lies in RAM, and so does an initrd beside it; one that does not is refused
/// by BadImage and nothing else.
inline void load_fuzzed_kernel(std::span<const std::byte> file, loader::x86_64::KernelEntry entry) {
  constexpr std::array ram_ranges{platform::AddressRange{{0}, std::uint64_t{64} << 20}};
  platform::GuestMemory ram{ram_ranges};
  try {
    const loader::x86_64::LoadedKernel kernel = loader::x86_64::load_kernel({file}, ram, entry);
    if (!ram.contains(kernel.claimed) || !kernel.claimed.contains(kernel.entry)) std::abort();
    const auto place = loader::x86_64::find_initrd_place(4096, kernel, ram);
    if (!ram.contains(place) || place.overlaps(kernel.claimed)) std::abort();
  } catch (const loader::BadImage&) {
  }
}
