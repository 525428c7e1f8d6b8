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
#include <span>
#include <vector>

#include "devices/bus_device.hpp"
#include "devices/pci/bar_map.hpp"
#include "devices/pci/bar_window.hpp"
#include "devices/pci/function.hpp"
#include "devices/pci/host_bridge.hpp"

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

  /// `windows`: what the bridge hands on. A BAR that does not lie in one of them answers nowhere.
  explicit RootBus(std::vector<Window> windows);

  /// Puts a function, which outlives the bus, at device 1 to 31. Throws std::invalid_argument when
  /// that is not free.
  void add(unsigned device, Function& function);

  [[nodiscard]] const BarMap& bars() const { return bars_; }

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  [[nodiscard]] Function* find(std::uint64_t offset) const;
  void follow(Function& function);

  const std::vector<Window> windows_;
  HostBridge bridge_;
  std::array<Function*, most_devices> functions_{};
  BarMap bars_;
  std::mutex configuration_;
};

}  // namespace devices::pci
