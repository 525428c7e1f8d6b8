// virtio-pci: a device as a function of a PCI bus, its interrupts messages (MSI-X). Modern drivers
// only, and only such as use MSI-X: there is no interrupt pin. On a PC it is notified by writes to
// ports: one that is an exit costs less than one to memory, whose instruction KVM has to decode.
//
// Spec:    Virtio 1.2, 4.1 "Virtio Over PCI Bus".
// Threads: configuration under the bus's lock, registers on vCPU threads; interrupts from any; the
//          core's run() on the Loop's.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "devices/pci/bar_placer.hpp"
#include "devices/pci/config_space.hpp"
#include "devices/pci/function.hpp"
#include "devices/pci/message_interrupts.hpp"
#include "devices/virtio/pci_common_config.hpp"
#include "devices/virtio/pci_layout.hpp"
#include "devices/virtio/transport_core.hpp"
#include "platform/doorbell.hpp"
#include "platform/interrupts.hpp"

namespace devices::virtio {

class PciTransport final : public pci::Function, private DriverInterrupts {
 public:
  /// All of it outlives this object, but for the placers.
  struct Parts {
    runtime::Executor executor;
    const platform::GuestMemory& memory;
    Device& device;
    platform::InterruptController& interrupts;
    platform::Doorbells& doorbells;
    std::uint32_t device_id;  ///< The function's name: bus << 8 | device << 3 | function.
    pci::BarPlacer& places;
    pci::BarPlacer* ports = nullptr;  ///< Of a PC, for notifications.
  };
  explicit PciTransport(const Parts& parts);

  void read_config(std::uint64_t offset, std::span<std::byte> data) override;
  void write_config(std::uint64_t offset, std::span<const std::byte> data) override;
  /// None once the driver accesses BARs through the configuration space.
  const platform::RegisterPage* config_page() const override;
  std::uint64_t bar_bytes(unsigned bar) const override { return config_.bar_bytes(bar); }
  std::optional<platform::AddressRange> bar_place(unsigned bar) const override {
    return config_.bar_place(bar);
  }
  pci::Space bar_space(unsigned bar) const override { return config_.bar_space(bar); }
  void bar_moved(unsigned bar, std::optional<platform::GuestAddress> to) override;
  void read_bar(unsigned bar, std::uint64_t offset, std::span<std::byte> data) override;
  void write_bar(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) override;

  [[nodiscard]] TransportCore& core() { return core_; }

 private:
  void add_registers(const Parts& parts);
  [[nodiscard]] platform::Doorbell bell_of(std::uint16_t queue, platform::GuestAddress bar) const;
  struct Window {
    unsigned bar;
    std::uint64_t offset;
    std::size_t size_bytes;
  };
  [[nodiscard]] std::optional<Window> window_of(std::uint64_t offset, std::size_t size_bytes) const;

  void raise_used(std::uint16_t queue) noexcept override;
  void raise_config() noexcept override;

  pci::MessageInterrupts interrupts_;
  platform::Doorbells& doorbells_;
  pci::ConfigSpace config_;
  std::size_t msix_at_ = 0;  // capabilities of it
  std::size_t window_at_ = 0;
  pci_layout::NotifyPlace notify_;

  std::atomic<std::uint8_t> isr_ = 0;
  std::vector<std::optional<platform::Doorbell>> bells_;  // one for each queue, while it is there
  TransportCore core_;
  PciCommonConfig common_;
};

}  // namespace devices::virtio
