// A machine's PCI bus: the root complex, the memory it hands on, and virtio devices as its
// functions.
//
// Threads: made before the first vCPU runs.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "devices/bus.hpp"
#include "devices/pci/bar_placer.hpp"
#include "devices/pci/bar_window.hpp"
#include "devices/pci/root_bus.hpp"
#include "devices/virtio/pci_transport.hpp"
#include "loader/pci_host.hpp"
#include "platform/guest_memory.hpp"
#include "platform/vm.hpp"
#include "vmm/description.hpp"

namespace vmm {

/// What a machine has its devices on.
struct Buses {
  devices::MmioBus& memory;
  devices::PortBus* ports = nullptr;  ///< A PC alone.
};

/// The bus and its functions, a line for each; they are named in the order of their places.
void describe_pci(Description& out, const loader::PciHost& host,
                  std::span<const std::string> functions);

class PciBus {
 public:
  /// Puts ECAM and windows on the buses of the machine; that of ports, only if the host has some.
  PciBus(const loader::PciHost& host, const Buses& buses, platform::RegisterPages& pages);

  /// All of it outlives this object.
  struct Parts {
    runtime::Executor executor;
    const platform::GuestMemory& memory;
    platform::Vm& vm;
    devices::virtio::Device& device;
  };
  /// At the next place of the bus. Throws std::invalid_argument when there is none left.
  devices::virtio::PciTransport& add(const Parts& parts);

 private:
  /// A window, and what of it has been given out.
  struct Part {
    Part(const devices::pci::Window& of, const devices::pci::BarMap& bars)
        : window{of, bars}, places{of.range} {}
    devices::pci::BarWindow window;
    devices::pci::BarPlacer places;
  };

  devices::pci::RootBus root_;
  Part memory_;
  std::optional<Part> ports_;
  std::vector<std::unique_ptr<devices::virtio::PciTransport>> functions_;
};

}  // namespace vmm
