// What a vCPU can poke: registers at an offset.
//
// Threads: called on vCPU threads, several at once; the vCPU is stopped until we answer, so
//          nothing here waits and nothing here does I/O.
// Trust:   offset, size and bytes are the guest's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace devices {

class BusDevice {
 public:
  virtual ~BusDevice() = default;
  /// Fills `data` (1, 2, 4 or 8 bytes) with what the guest reads at `offset` from the device's
  /// base.
  virtual void read(std::uint64_t offset, std::span<std::byte> data) = 0;
  virtual void write(std::uint64_t offset, std::span<const std::byte> data) = 0;
};

}  // namespace devices
