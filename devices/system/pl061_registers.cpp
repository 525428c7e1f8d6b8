#include "devices/system/pl061_registers.hpp"

namespace devices {
namespace {

constexpr std::uint64_t data_size_bytes = 0x400;

std::uint8_t pins_concerned(std::uint64_t data_offset) {
  return static_cast<std::uint8_t>(data_offset >> 2);
}

/// Bits of `chosen` where `choice` is set, of `other` where it is not.
std::uint8_t select(std::uint8_t choice, std::uint8_t chosen, std::uint8_t other) {
  return static_cast<std::uint8_t>((choice & chosen) | (~choice & other));
}

}  // namespace

std::uint8_t Pl061Registers::pins() const {
  return select(direction_, outputs_, inputs_);
}

std::uint8_t Pl061Registers::raw_interrupts() const {
  const auto at_level = static_cast<std::uint8_t>(~(pins() ^ event_));
  return select(sense_, at_level, edges_);
}

std::uint8_t Pl061Registers::masked_interrupts() const {
  return raw_interrupts() & interrupt_mask_;
}

auto Pl061Registers::read(std::uint64_t offset) const -> Register {
  if (offset < data_size_bytes) return pins() & pins_concerned(offset);
  switch (Pl061Register{static_cast<std::uint16_t>(offset)}) {
    case Pl061Register::Direction:
      return direction_;
    case Pl061Register::Sense:
      return sense_;
    case Pl061Register::BothEdges:
      return both_edges_;
    case Pl061Register::Event:
      return event_;
    case Pl061Register::InterruptMask:
      return interrupt_mask_;
    case Pl061Register::RawInterrupt:
      return raw_interrupts();
    case Pl061Register::MaskedInterrupt:
      return masked_interrupts();
    case Pl061Register::AlternateFunction:
      return alternate_function_;
    case Pl061Register::InterruptClear:  // write-only
      break;
  }
  return primecell::identification(offset, peripheral_id);
}

void Pl061Registers::write(std::uint64_t offset, Register value) {
  const auto bits = static_cast<std::uint8_t>(value);
  const std::uint8_t before = pins();
  if (offset < data_size_bytes) {
    // A pin that is no output has no value to keep; Linux writes it again once the pin is one.
    outputs_ = select(pins_concerned(offset) & direction_, bits, outputs_);
    note_edges(before);
    return;
  }
  switch (Pl061Register{static_cast<std::uint16_t>(offset)}) {
    case Pl061Register::Direction:
      direction_ = bits;
      note_edges(before);
      break;
    case Pl061Register::Sense:
      sense_ = bits;
      break;
    case Pl061Register::BothEdges:
      both_edges_ = bits;
      break;
    case Pl061Register::Event:
      event_ = bits;
      break;
    case Pl061Register::InterruptMask:
      interrupt_mask_ = bits;
      break;
    case Pl061Register::InterruptClear:
      edges_ &= static_cast<std::uint8_t>(~bits);
      break;
    case Pl061Register::AlternateFunction:  // kept, but the pins have no other
      alternate_function_ = bits;
      break;
    case Pl061Register::RawInterrupt:  // read-only
    case Pl061Register::MaskedInterrupt:
      break;
  }
}

void Pl061Registers::drive(std::uint8_t inputs) {
  const std::uint8_t before = pins();
  inputs_ = inputs;
  note_edges(before);
}

void Pl061Registers::note_edges(std::uint8_t before) {
  const auto changed = static_cast<std::uint8_t>(before ^ pins());
  const auto in_direction = static_cast<std::uint8_t>(~(pins() ^ event_));
  const auto awaited = static_cast<std::uint8_t>(both_edges_ | in_direction);
  edges_ |= static_cast<std::uint8_t>(changed & awaited & ~sense_);
}

}  // namespace devices
