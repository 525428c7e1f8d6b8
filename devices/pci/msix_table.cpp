#include "devices/pci/msix_table.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>

#include "devices/register_access.hpp"
#include "runtime/units.hpp"

namespace devices::pci {
namespace {

using namespace runtime::literals;

/// Message Control, 6.8.2.3. Below them the number of vectors, less one.
enum ControlBit : std::uint16_t { FunctionMask = 1 << 14, Enable = 1 << 15 };

/// Of a table entry.
enum EntryRegister : std::uint64_t {
  MessageAddress = 0x0,
  MessageUpperAddress = 0x4,
  MessageData = 0x8,
  VectorControl = 0xC,
};
constexpr std::uint32_t mask_bit = 1 << 0;  // of Vector Control
constexpr std::uint64_t low_half = 0xFFFF'FFFF;
constexpr std::uint64_t address_alignment = 4;

}  // namespace

MsixTable::MsixTable(std::uint16_t vectors) : entries_(vectors) {
  if (vectors == 0 || vectors > most_vectors) {
    throw std::invalid_argument{"a function has 1 to 2048 MSI-X vectors"};
  }
}

std::uint64_t MsixTable::size_bytes() const {
  const std::uint64_t pba_bytes = runtime::align_up(entries_.size(), 64) / 8;
  return std::max(std::bit_ceil(pba_offset() + pba_bytes), 4_KiB);
}

MsixTable::Capability MsixTable::capability(unsigned bar) const {
  struct [[gnu::packed]] Body {
    std::uint16_t control;
    std::uint32_t table;  // offset, and in the low three bits the BAR
    std::uint32_t pba;
  };
  return {.body = std::bit_cast<std::array<std::byte, 10>>(
              Body{.control = static_cast<std::uint16_t>(entries_.size() - 1),
                   .table = bar,
                   .pba = static_cast<std::uint32_t>(pba_offset()) | bar}),
          .writable = std::bit_cast<std::array<std::byte, 2>>(
              static_cast<std::uint16_t>(FunctionMask | Enable))};
}

void MsixTable::set_control(std::uint16_t control) {
  control_ = control;
  if (enabled()) return;
  // What waited was for a driver that has gone.
  for (Entry& entry : entries_) entry.pending = false;
}

bool MsixTable::enabled() const {
  return (control_ & Enable) != 0;
}

bool MsixTable::waits(const Entry& entry) const {
  return entry.masked || (control_ & FunctionMask) != 0;
}

std::optional<platform::Message> MsixTable::signal(std::uint16_t vector) {
  if (!enabled() || vector >= entries_.size()) return std::nullopt;
  Entry& entry = entries_[vector];
  if (!waits(entry)) return entry.message;
  if (!entry.pending) ++pending_;
  entry.pending = true;
  return std::nullopt;
}

std::optional<platform::Message> MsixTable::take_due() {
  if (pending_ == 0 || !enabled()) return std::nullopt;
  const auto due = std::ranges::find_if(
      entries_, [this](const Entry& entry) { return entry.pending && !waits(entry); });
  if (due == entries_.end()) return std::nullopt;
  due->pending = false;
  --pending_;
  return due->message;
}

void MsixTable::read(std::uint64_t offset, std::span<std::byte> data) const {
  read_registers<std::uint32_t>(offset, data,
                                [this](std::uint64_t at) { return read_register(at); });
}

void MsixTable::write(std::uint64_t offset, std::span<const std::byte> data) {
  write_registers<std::uint32_t>(
      offset, data, [this](std::uint64_t at, std::uint32_t value) { write_register(at, value); });
}

std::uint32_t MsixTable::read_register(std::uint64_t offset) const {
  if (offset >= pba_offset()) return pending_bits((offset - pba_offset()) * 8);
  const Entry& entry = entries_[offset / entry_bytes];
  switch (offset % entry_bytes) {
    case MessageAddress:
      return static_cast<std::uint32_t>(entry.message.address.value);
    case MessageUpperAddress:
      return static_cast<std::uint32_t>(entry.message.address.value >> 32);
    case MessageData:
      return entry.message.data;
    default:
      return entry.masked ? mask_bit : 0;
  }
}

/// Of 32 vectors.
std::uint32_t MsixTable::pending_bits(std::size_t first) const {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 32 && first + i < entries_.size(); ++i) {
    if (entries_[first + i].pending) bits |= 1u << i;
  }
  return bits;
}

void MsixTable::write_register(std::uint64_t offset, std::uint32_t value) {
  if (offset >= pba_offset()) return;
  Entry& entry = entries_[offset / entry_bytes];
  std::uint64_t& address = entry.message.address.value;
  switch (offset % entry_bytes) {
    case MessageAddress:
      address = (address & ~low_half) | runtime::align_down(value, address_alignment);
      return;
    case MessageUpperAddress:
      address = (address & low_half) | std::uint64_t{value} << 32;
      return;
    case MessageData:
      entry.message.data = value;
      return;
    default:
      entry.masked = (value & mask_bit) != 0;
  }
}

}  // namespace devices::pci
