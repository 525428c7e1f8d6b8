// Registers of a PL061 GPIO controller as seen by its driver.
//
// Spec:    ARM DDI 0190B, "PrimeCell General Purpose Input/Output (PL061)", chapter 3.
// Trust:   offsets and values are the guest's.
#pragma once

#include <cstdint>

#include "devices/primecell.hpp"

namespace devices {

/// Offsets from the page's base.
enum class Pl061Register : std::uint16_t {
  // GPIODATA is all below: bits 9:2 of the offset say which pins an access concerns.
  Direction = 0x400,         // GPIODIR: a set bit makes an output
  Sense = 0x404,             // GPIOIS: a level interrupts, not an edge
  BothEdges = 0x408,         // GPIOIBE
  Event = 0x40C,             // GPIOIEV: a rising edge or high level, not the opposite
  InterruptMask = 0x410,     // GPIOIE: a set bit lets the interrupt through
  RawInterrupt = 0x414,      // GPIORIS
  MaskedInterrupt = 0x418,   // GPIOMIS
  InterruptClear = 0x41C,    // GPIOIC: edges only
  AlternateFunction = 0x420  // GPIOAFSEL
};

/// Pure state. Eight pins, one to a bit; all are inputs and low at first.
class Pl061Registers {
 public:
  using Register = primecell::Register;
  static constexpr std::uint64_t size_bytes = primecell::size_bytes;
  static constexpr std::uint32_t peripheral_id = 0x0004'1061;

  /// What the guest sees. Offsets are multiples of 4.
  [[nodiscard]] Register read(std::uint64_t offset) const;
  void write(std::uint64_t offset, Register value);

  /// What is wired to the pins: one bit each. Nobody looks at the outputs.
  void drive(std::uint8_t inputs);

  /// The level of the interrupt line.
  [[nodiscard]] bool interrupt_pending() const { return masked_interrupts() != 0; }

 private:
  [[nodiscard]] std::uint8_t pins() const;
  [[nodiscard]] std::uint8_t raw_interrupts() const;
  [[nodiscard]] std::uint8_t masked_interrupts() const;
  void note_edges(std::uint8_t before);

  std::uint8_t inputs_ = 0;
  std::uint8_t outputs_ = 0;
  std::uint8_t direction_ = 0;
  std::uint8_t sense_ = 0;
  std::uint8_t both_edges_ = 0;
  std::uint8_t event_ = 0;
  std::uint8_t interrupt_mask_ = 0;
  std::uint8_t edges_ = 0;  // until cleared
  std::uint8_t alternate_function_ = 0;
};

}  // namespace devices
