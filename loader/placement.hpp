// Putting bytes into guest RAM, checked.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "loader/image.hpp"
#include "platform/address.hpp"
#include "platform/guest_memory.hpp"

namespace loader {

/// Writes bytes made here. Throws LoadError naming `what` if their place is not RAM.
void put(platform::GuestMemory& ram, platform::GuestAddress to, std::span<const std::byte> bytes,
         const char* what);

/// Brings a part of an image, which it must have, into RAM, by the shortest way there is.
void place_bytes(const Image& image, FileRange part, platform::GuestMemory& ram,
                 platform::GuestAddress to);

/// Makes RAM read as zero again. Whole huge pages are given back, and then occupy nothing. Less is
/// written: a hole would split the huge page around it, and each small page of that is a nested
/// fault of its own once the guest runs. Not RAM: nothing happens.
void clear(platform::GuestMemory& ram, platform::AddressRange range);

/// Throws LoadError for a kernel command line that is too long, or has a NUL in it.
void check_command_line(std::string_view text, std::size_t most_bytes);

}  // namespace loader
