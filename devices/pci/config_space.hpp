// The configuration space of a PCI function: what it is, where its registers are to be, what it can
// do. Pure state: bits that a driver may change, and bits that it may not.
//
// Spec:  PCI Local Bus 3.0, 6.1 "Configuration Space Organization", 6.2.5 "Base Addresses", 6.7
//        "Capabilities List". PCI Express 5.0, 7.5.1, has the same header.
// Trust: every offset, width and value is the guest's. What is not there reads as zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>

#include "platform/address.hpp"
#include "platform/register_pages.hpp"

namespace devices::pci {

struct Identity {
  std::uint16_t vendor = 0;
  std::uint16_t device = 0;
  std::uint8_t revision = 0;
  std::uint32_t class_code = 0;  ///< Base class, sub-class, interface: 24 bits.
  std::uint16_t subsystem_vendor = 0;
  std::uint16_t subsystem = 0;
};

/// Where registers can be. An address in either is a GuestAddress here: that of a port, its number.
enum class Space : std::uint8_t { Memory, Ports };

/// Base address registers: where a function's own registers are.
inline constexpr unsigned bar_count = 6;
enum class BarKind : std::uint8_t { Memory32, Memory64, Ports };

enum class CapabilityId : std::uint8_t { Vendor = 0x09, Msix = 0x11 };

class ConfigSpace {
 public:
  /// Of the 4 KiB that each function has in the ECAM, those that are not zero.
  static constexpr std::size_t size_bytes = 256;

  explicit ConfigSpace(Identity identity);

  /// At most so many at one BAR, 6.2.5.1.
  static constexpr std::uint64_t most_ports = 256;

  /// A BAR of `bar_bytes` (a power of two; 16 or more of memory, 4 to 256 ports), as firmware would
  /// have placed it. One of 64 bits takes the next index, too. Throws std::invalid_argument for
  /// what cannot be.
  void add_bar(unsigned index, BarKind kind, std::uint64_t bar_bytes, platform::GuestAddress place);

  /// Adds a capability to the list: `body` is what follows its two bytes of header; the driver may
  /// change the bits set in `writable`. Returns where it begins. Throws std::invalid_argument when
  /// there is no room left.
  std::uint8_t add_capability(CapabilityId id, std::span<const std::byte> body,
                              std::span<const std::byte> writable = {});

  void read(std::uint64_t offset, std::span<std::byte> data) const;
  /// What read() gives, all of it, now and after each change.
  [[nodiscard]] const platform::RegisterPage& page() const { return *page_; }
  void write(std::uint64_t offset, std::span<const std::byte> data);

  // The function's own view, inside of the space: it may change everything.
  template <typename T>
  [[nodiscard]] T get(std::size_t offset) const {
    T value;
    std::memcpy(&value, page_->bytes.data() + offset, sizeof value);
    return value;
  }
  template <typename T>
  void set(std::size_t offset, T value) {
    std::memcpy(page_->bytes.data() + offset, &value, sizeof value);
  }

  /// 0 if there is no such BAR.
  [[nodiscard]] std::uint64_t bar_bytes(unsigned index) const {
    return index < bar_count ? bars_[index].size_bytes : 0;
  }
  [[nodiscard]] Space bar_space(unsigned index) const {
    return index < bar_count && bars_[index].kind == BarKind::Ports ? Space::Ports : Space::Memory;
  }
  /// Where a BAR answers: nowhere while the driver has switched its space off, or put it so that
  /// its end wraps.
  [[nodiscard]] std::optional<platform::AddressRange> bar_place(unsigned index) const;

 private:
  template <typename T>
  void let_write(std::size_t offset, T bits) {
    std::memcpy(writable_.data() + offset, &bits, sizeof bits);
  }

  struct Bar {
    BarKind kind = BarKind::Memory32;
    std::uint64_t size_bytes = 0;  // 0: there is none
  };

  std::unique_ptr<platform::RegisterPage> page_ = std::make_unique<platform::RegisterPage>();
  std::array<std::byte, size_bytes> writable_{};  // which bits a driver can change
  /// Also by the upper half of a BAR of 64 bits.
  [[nodiscard]] bool is_taken(unsigned index) const;

  std::array<Bar, bar_count> bars_{};
  std::size_t last_link_;  // where the list of capabilities ends: offset of the null pointer
  std::size_t free_;
};

}  // namespace devices::pci
