// virtio-mmio: a device's registers in a page of memory, and one interrupt.
//
// Spec:    Virtio 1.2, 4.2 "Virtio Over MMIO", version 2.
// Threads: registers on vCPU threads; interrupts from any; run() on the Loop's.
#pragma once

#include <atomic>

#include "devices/bus_device.hpp"
#include "devices/virtio/transport_core.hpp"
#include "platform/interrupt_edge.hpp"

namespace devices::virtio {

class MmioTransport final : public BusDevice, private DriverInterrupts {
 public:
  static constexpr std::uint64_t size_bytes = 0x1000;
  /// Writing a queue's number here rings its doorbell: four bytes, worth a Doorbell of the VM's.
  static constexpr std::uint64_t queue_notify_offset = 0x50;

  /// `edge` is wired to an interrupt pin. `memory` and `device` outlive this object.
  MmioTransport(runtime::Executor executor, const platform::GuestMemory& memory, Device& device,
                platform::InterruptEdge edge);

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

  [[nodiscard]] TransportCore& core() { return core_; }

 private:
  [[nodiscard]] std::uint32_t read_register(std::uint64_t offset) const;
  void write_register(std::uint64_t offset, std::uint32_t value);
  void raise_used(std::uint16_t queue) noexcept override;
  void raise_config() noexcept override;
  void raise(std::uint32_t cause) noexcept;

  platform::InterruptEdge edge_;
  std::atomic<std::uint32_t> interrupt_status_ = 0;
  TransportCore core_;
};

}  // namespace devices::virtio
