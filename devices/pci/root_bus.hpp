// A PCI Express root complex with one bus: its functions' configuration spaces in the ECAM, and
// where their BARs are.
//
// Spec:    PCI Express 5.0, 7.2.2 "PCI Express Enhanced Configuration Access Mechanism (ECAM)".
// Threads: functions are added before the first vCPU runs. Configuration accesses come from vCPU
//          threads and are carried out one at a time, as on the bus of a real machine.
// Trust:   offset, size and bytes are the guest's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "devices/bus_device.hpp"
#include "devices/pci/bar_map.hpp"
#include "devices/pci/bar_window.hpp"
#include "devices/pci/function.hpp"
#include "devices/pci/host_bridge.hpp"
#include "platform/register_pages.hpp"

namespace devices::pci {

/// What an interrupt controller knows function 0 of a device of bus 0 by.
[[nodiscard]] constexpr std::uint32_t device_id_of(unsigned device) {
  return device << 3;
}

/// Device 0 is the host bridge itself. Each device has one function; what is not there reads as all
/// ones.
class RootBus final : public BusDevice {
 public:
  static constexpr unsigned most_devices = 32;
  static constexpr std::uint64_t ecam_bytes = 0x10'0000;

  /// Where the ECAM is, and who shows the guest pages of it.
  struct Ecam {
    platform::GuestAddress start;
    platform::RegisterPages& pages;
  };
  /// `windows`: what the bridge hands on. A BAR that does not lie in one of them answers nowhere.
  /// With `ecam`, guests read the configuration spaces that are no more than memory without an
  /// exit.
  explicit RootBus(std::vector<Window> windows, std::optional<Ecam> ecam = std::nullopt);

  /// Puts a function, which outlives the bus, at device 1 to 31. Throws std::invalid_argument when
  /// that is not free.
  void add(unsigned device, Function& function);

  [[nodiscard]] const BarMap& bars() const { return bars_; }

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  struct Slot {
    Function* function = nullptr;
    std::optional<platform::GuestAddress> shown_at = {};  // its configuration space
  };
  [[nodiscard]] Slot* find(std::uint64_t offset);
  void put(unsigned device, Function& function);
  void follow_bars(Function& function);
  void follow_page(Slot& slot);

  const std::vector<Window> windows_;
  const std::optional<Ecam> ecam_;
  HostBridge bridge_;
  std::array<Slot, most_devices> slots_{};
  BarMap bars_;
  std::mutex configuration_;
};

}  // namespace devices::pci
