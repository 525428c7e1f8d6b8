#include "vmm/pci_bus.hpp"

#include <utility>

#include <fmt/format.h>

namespace vmm {

using devices::pci::RootBus;
using devices::pci::Space;
using devices::pci::Window;
using devices::virtio::PciTransport;

namespace {

Window memory_window(const loader::PciHost& host) {
  return {Space::Memory, host.window};
}

Window port_window(platform::PortRange ports) {
  return {Space::Ports, {{ports.first.value}, ports.count}};
}

std::vector<Window> windows(const loader::PciHost& host) {
  std::vector<Window> windows{memory_window(host)};
  if (host.ports) windows.push_back(port_window(*host.ports));
  return windows;
}

}  // namespace

void describe_pci(Description& out, const loader::PciHost& host,
                  std::span<const std::string> functions) {
  out.range(host.ecam, "PCI configuration space");
  out.range(host.window, "registers of PCI functions");
  if (host.ports) out.ports(*host.ports, "registers of PCI functions");
  for (std::size_t i = 0; i < functions.size(); ++i) {
    out.line("  PCI 00:{:02x}.0                      {}", i + 1, functions[i]);
  }
}

PciBus::PciBus(const loader::PciHost& host, const Buses& buses, platform::RegisterPages& pages)
    : root_{windows(host), RootBus::Ecam{host.ecam.start, pages}},
      memory_{memory_window(host), root_.bars()} {
  buses.memory.add(host.ecam.start, RootBus::ecam_bytes, root_);
  buses.memory.add(host.window.start, host.window.size_bytes, memory_.window);
  if (!host.ports || buses.ports == nullptr) return;
  ports_.emplace(port_window(*host.ports), root_.bars());
  buses.ports->add(host.ports->first, host.ports->count, ports_->window);
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
                          .places = memory_.places,
                          .ports = ports_ ? &ports_->places : nullptr});
  root_.add(device, *function);
  return *functions_.emplace_back(std::move(function));
}

}  // namespace vmm
