// Wide accesses to a chip whose registers are a byte each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace devices {

/// A PC's 8-bit chips see a 16- or 32-bit access as one cycle per byte, lowest address first
/// (the ISA bridge cuts it up). `read` is called as uint8_t(uint64_t offset).
template <typename Read>
void read_each_byte(std::uint64_t offset, std::span<std::byte> data, Read read) {
  for (std::byte& byte : data) byte = std::byte{read(offset++)};
}

/// `write` is called as void(uint64_t offset, uint8_t value).
template <typename Write>
void write_each_byte(std::uint64_t offset, std::span<const std::byte> data, Write write) {
  for (const std::byte byte : data) write(offset++, std::to_integer<std::uint8_t>(byte));
}

}  // namespace devices
