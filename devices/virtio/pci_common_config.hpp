// virtio-pci's common configuration: the negotiation every transport has, and which of the
// function's interrupts stand for what.
//
// Spec:    Virtio 1.2, 4.1.4.3 "Common configuration structure layout", 4.1.5.1.2 "MSI-X Vector
//          Configuration".
// Threads: registers on vCPU threads, several at once; vectors from any.
// Trust:   every offset and value is the guest's.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>

#include "devices/virtio/transport_core.hpp"

namespace devices::virtio {

class PciCommonConfig {
 public:
  /// The function has so many vectors. `core` outlives this object.
  PciCommonConfig(TransportCore& core, std::uint16_t vectors);

  // Drivers access each field by its own width, one of 64 bits as two halves (4.1.3.1). Of any
  // other access only the field it begins with is taken. What is no field reads as zero.
  [[nodiscard]] std::uint32_t read(std::uint64_t offset) const;
  void write(std::uint64_t offset, std::uint32_t value);

  /// No vector the function has if the driver wants no such interrupt.
  [[nodiscard]] std::uint16_t config_vector() const { return config_vector_; }
  [[nodiscard]] std::uint16_t queue_vector(std::uint16_t queue) const {
    return queue_vectors_[queue];
  }

 private:
  static constexpr std::uint16_t no_vector = 0xFFFF;

  [[nodiscard]] std::uint32_t read_queue(std::uint64_t offset) const;
  [[nodiscard]] std::uint16_t selected_vector() const;
  void write_queue(std::uint64_t offset, std::uint32_t value);
  void write_status(std::uint8_t status);
  void write_selected_vector(std::uint16_t vector);
  [[nodiscard]] std::uint16_t known_vector(std::uint32_t wanted) const;

  TransportCore& core_;
  const std::uint16_t vectors_;
  std::atomic<std::uint16_t> config_vector_ = no_vector;
  std::deque<std::atomic<std::uint16_t>> queue_vectors_;
};

}  // namespace devices::virtio
