// What a root bus and its windows know of a PCI function.
//
// Threads: configuration under the bus's lock, one call at a time; BARs on vCPU threads, several at
//          once, also while they are being moved.
// Trust:   offsets, sizes and bytes are the guest's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "devices/pci/config_space.hpp"
#include "platform/address.hpp"
#include "platform/register_pages.hpp"

namespace devices::pci {

class Function {
 public:
  virtual ~Function() = default;

  /// Inside of the function's 4 KiB of the ECAM.
  virtual void read_config(std::uint64_t offset, std::span<std::byte> data) = 0;
  virtual void write_config(std::uint64_t offset, std::span<const std::byte> data) = 0;
  /// The same 4 KiB, while reading them gives what is there and does nothing else; null otherwise,
  /// which may come of a write.
  [[nodiscard]] virtual const platform::RegisterPage* config_page() const { return nullptr; }

  /// How large a BAR is; 0 if there is none.
  [[nodiscard]] virtual std::uint64_t bar_bytes(unsigned bar) const = 0;
  [[nodiscard]] virtual Space bar_space(unsigned /*bar*/) const { return Space::Memory; }
  /// Where the driver has it answer; nowhere while it has switched that space off.
  [[nodiscard]] virtual std::optional<platform::AddressRange> bar_place(unsigned bar) const = 0;
  /// From now on it answers there, which may be nowhere.
  virtual void bar_moved(unsigned /*bar*/, std::optional<platform::GuestAddress> /*to*/) {}

  /// Accesses that lie wholly inside of a BAR.
  virtual void read_bar(unsigned bar, std::uint64_t offset, std::span<std::byte> data) = 0;
  virtual void write_bar(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) = 0;
};

}  // namespace devices::pci
