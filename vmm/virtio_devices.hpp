// A machine's virtio devices, each behind its transport; the same on every architecture but for the
// places it has for them.
//
// Threads: made before the first vCPU runs; run(), drain() and resize on the Loop's.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "devices/bus.hpp"
#include "devices/virtio/console.hpp"
#include "devices/virtio/mmio_transport.hpp"
#include "platform/guest_memory.hpp"
#include "platform/vm.hpp"
#include "runtime/scope.hpp"
#include "vmm/board.hpp"
#include "vmm/config.hpp"
#include "vmm/description.hpp"
#include "vmm/pci_bus.hpp"
#include "vmm/virtio_place.hpp"

namespace vmm {

/// How many devices of a machine can be reached so.
[[nodiscard]] constexpr std::size_t most_virtio_devices(VirtioTransport transport) {
  return transport == VirtioTransport::Pci ? devices::pci::RootBus::most_devices - 1
                                           : most_virtio_pages;
}

/// The virtio devices of a machine that are reached so, in words, in the order of their places.
[[nodiscard]] std::vector<std::string> virtio_device_names(const MachineConfig& config,
                                                           VirtioTransport transport);

/// Whether any of them is a function of a PCI bus.
[[nodiscard]] bool has_pci(const MachineConfig& config);

/// The pages that the others are in.
[[nodiscard]] std::span<const VirtioPlace> taken_pages(const MachineConfig& config,
                                                       const VirtioPlaces& places);

/// All of them and their places, a line for each.
void describe_virtio(Description& out, const MachineConfig& config, const VirtioPlaces& places);

class VirtioDevices {
 public:
  /// Everything outlives this object.
  struct Parts {
    const MachineConfig& config;
    const VirtioPlaces& places;
    platform::Vm& vm;
    const platform::GuestMemory& memory;
    const Board::Wiring& wiring;
  };
  /// Puts them on the buses. Throws HostError.
  VirtioDevices(const Parts& parts, const Buses& buses);

  /// Starts what the devices do by themselves.
  void run(runtime::Scope& tasks);
  /// Returns when the console's stream has taken all that the guest sent.
  runtime::Task<> drain();
  void release_vcpus();
  void resize_console(devices::virtio::ConsoleSize size);

  [[nodiscard]] std::uint64_t console_bytes() const;
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> first_console_byte_at() const;

 private:
  void add(const Parts& parts, const Buses& buses, VirtioTransport transport,
           std::unique_ptr<devices::virtio::Device> device);
  void add_page(const Parts& parts, const Buses& buses, devices::virtio::Device& device);

  std::vector<std::unique_ptr<devices::virtio::Device>> devices_;
  std::vector<std::unique_ptr<devices::virtio::MmioTransport>> transports_;
  std::optional<PciBus> pci_;
  std::vector<devices::virtio::TransportCore*> cores_;  // of all transports
  devices::virtio::Console* console_ = nullptr;
};

}  // namespace vmm
