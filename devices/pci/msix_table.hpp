// MSI-X: where a function's interrupts go, as messages, and which of them have to wait. Pure state:
// it says when a message is due and sends none.
//
// Spec:  PCI Local Bus 3.0, 6.8.2 "MSI-X Capability and Table Structures"; PCI Express 5.0, 7.7.2.
// Trust: every offset, width and value is the guest's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "platform/interrupts.hpp"

namespace devices::pci {

class MsixTable {
 public:
  static constexpr std::uint16_t most_vectors = 2048;
  static constexpr std::uint64_t entry_bytes = 16;

  /// 1 to `most_vectors`, all masked, MSI-X itself off.
  explicit MsixTable(std::uint16_t vectors);

  [[nodiscard]] std::uint16_t vectors() const {
    return static_cast<std::uint16_t>(entries_.size());
  }
  /// What the BAR needs in which the table lies, and behind it the pending bits (PBA).
  [[nodiscard]] std::uint64_t size_bytes() const;

  // What the guest sees in that BAR. Registers are four bytes wide.
  void read(std::uint64_t offset, std::span<std::byte> data) const;
  void write(std::uint64_t offset, std::span<const std::byte> data);

  /// The capability behind its header: Message Control, where table and PBA are; and what of it a
  /// driver may change.
  struct Capability {
    std::array<std::byte, 10> body;
    std::array<std::byte, 2> writable;
  };
  /// Of Message Control in the capability.
  static constexpr std::size_t control_offset = 2;
  [[nodiscard]] Capability capability(unsigned bar) const;

  /// What the guest has written into Message Control.
  void set_control(std::uint16_t control);
  [[nodiscard]] bool enabled() const;

  /// The function interrupts: the message to send. None while MSI-X is off, or for a vector there
  /// is not; none yet while the vector, or all, are masked.
  [[nodiscard]] std::optional<platform::Message> signal(std::uint16_t vector);
  /// A message that had to wait and has not to any longer. To be asked until there is none, after
  /// each change.
  [[nodiscard]] std::optional<platform::Message> take_due();

 private:
  struct Entry {
    platform::Message message;
    bool masked = true;
    bool pending = false;
  };

  [[nodiscard]] bool waits(const Entry& entry) const;
  [[nodiscard]] std::uint64_t pba_offset() const { return entries_.size() * entry_bytes; }
  [[nodiscard]] std::uint32_t read_register(std::uint64_t offset) const;
  [[nodiscard]] std::uint32_t pending_bits(std::size_t first) const;
  void write_register(std::uint64_t offset, std::uint32_t value);

  std::vector<Entry> entries_;
  std::uint16_t control_ = 0;
  std::size_t pending_ = 0;  // how many are
};

}  // namespace devices::pci
