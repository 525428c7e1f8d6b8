// What all ARM PrimeCell peripherals have in common: a page of 32-bit registers, which ends in the
// identification that Linux's AMBA bus finds a driver by.
//
// Spec:    ARM DDI 0183G (PL011), UARTPeriphID0-3 and UARTPCellID0-3; the others have the same.
#pragma once

#include <cstdint>

namespace devices::primecell {

using Register = std::uint32_t;
constexpr std::uint64_t size_bytes = 0x1000;

constexpr std::uint64_t first_peripheral_id = 0xFE0;  // four registers, a byte in each
constexpr std::uint64_t first_cell_id = 0xFF0;        // four more
constexpr std::uint32_t cell_id = 0xB105'F00D;

/// What is read at `offset`, where none but the identification registers are: 0 elsewhere.
/// `peripheral_id`: part number in bits 11:0, designer in 19:12 (ARM is 0x41), revision in 23:20.
constexpr Register identification(std::uint64_t offset, std::uint32_t peripheral_id) {
  if (offset < first_peripheral_id || offset >= size_bytes) return 0;
  const std::uint32_t id = offset < first_cell_id ? peripheral_id : cell_id;
  return id >> (offset % 16 / 4 * 8) & 0xFF;
}

}  // namespace devices::primecell
