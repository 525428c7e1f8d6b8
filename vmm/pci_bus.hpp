// A machine's PCI bus: the root complex, the memory it hands on, and virtio devices as its
// functions.
//
// Threads: made before the first vCPU runs.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "devices/bus.hpp"
#include "devices/pci/bar_placer.hpp"
#include "devices/pci/mmio_window.hpp"
#include "devices/pci/root_bus.hpp"
#include "devices/virtio/pci_transport.hpp"
#include "loader/pci_host.hpp"
#include "platform/guest_memory.hpp"
#include "platform/vm.hpp"
#include "vmm/description.hpp"

namespace vmm {

/// The bus and its functions, a line for each; they are named in the order of their places.
void describe_pci(Description& out, const loader::PciHost& host,
                  std::span<const std::string> functions);

class PciBus {
 public:
  /// Puts ECAM and window on the bus of the machine.
  PciBus(const loader::PciHost& host, devices::MmioBus& bus);

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
  devices::pci::RootBus root_;
  devices::pci::MmioWindow window_;
  devices::pci::BarPlacer places_;
  std::vector<std::unique_ptr<devices::virtio::PciTransport>> functions_;
};

}  // namespace vmm
