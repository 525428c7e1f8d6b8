#include "vmm/pci_bus.hpp"

#include <utility>

#include <fmt/format.h>

namespace vmm {

using devices::pci::RootBus;
using devices::virtio::PciTransport;

void describe_pci(Description& out, const loader::PciHost& host,
                  std::span<const std::string> functions) {
  out.range(host.ecam, "PCI configuration space");
  out.range(host.window, "registers of PCI functions");
  for (std::size_t i = 0; i < functions.size(); ++i) {
    out.line("  PCI 00:{:02x}.0                      {}", i + 1, functions[i]);
  }
}

PciBus::PciBus(const loader::PciHost& host, devices::MmioBus& bus)
    : root_{{host.window}}, window_{host.window.start, root_.bars()}, places_{host.window} {
  bus.add(host.ecam.start, RootBus::ecam_bytes, root_);
  bus.add(host.window.start, host.window.size_bytes, window_);
}

PciTransport& PciBus::add(const Parts& parts) {
  const auto device = static_cast<unsigned>(functions_.size() + 1);  // behind the host bridge
  auto function = std::make_unique<PciTransport>(
      PciTransport::Parts{.executor = parts.executor,
                          .memory = parts.memory,
                          .device = parts.device,
                          .interrupts = parts.vm.interrupts(),
                          .doorbells = parts.vm,
                          .device_id = devices::pci::device_id_of(device),
                          .places = places_});
  root_.add(device, *function);
  return *functions_.emplace_back(std::move(function));
}

}  // namespace vmm
