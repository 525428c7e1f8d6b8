// Accesses of any width to a chip whose registers are all of one.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace devices {

/// A bus bridge cuts an access up: one cycle for each register it touches, lowest address first. Of
/// a register wider than the access, the guest sees the bytes it asked for. `read` is called as
/// Register(uint64_t offset), with the offset a register begins at.
template <std::unsigned_integral Register, typename Read>
void read_registers(std::uint64_t offset, std::span<std::byte> data, Read read) {
  while (!data.empty()) {
    const std::size_t skipped = offset % sizeof(Register);
    const std::size_t size_bytes = std::min(data.size(), sizeof(Register) - skipped);
    const Register value = read(offset - skipped);
    std::memcpy(data.data(), reinterpret_cast<const std::byte*>(&value) + skipped, size_bytes);
    data = data.subspan(size_bytes);
    offset += size_bytes;
  }
}

/// The same for writes; `write` is called as void(uint64_t offset, Register value). The bytes of a
/// register beyond those written are 0, and what begins in the middle of one is lost.
template <std::unsigned_integral Register, typename Write>
void write_registers(std::uint64_t offset, std::span<const std::byte> data, Write write) {
  while (!data.empty()) {
    const std::size_t skipped = offset % sizeof(Register);
    const std::size_t size_bytes = std::min(data.size(), sizeof(Register) - skipped);
    if (skipped == 0) {
      Register value = 0;
      std::memcpy(&value, data.data(), size_bytes);
      write(offset, value);
    }
    data = data.subspan(size_bytes);
    offset += size_bytes;
  }
}

}  // namespace devices
