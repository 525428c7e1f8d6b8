#include "vmm/virtio_devices.hpp"

#include <fmt/format.h>

#include <utility>

#include "devices/virtio/block.hpp"
#include "devices/virtio/entropy.hpp"
#include "devices/virtio/net.hpp"

namespace vmm {

using devices::virtio::MmioTransport;

namespace {

std::string name(const NetConfig& network) {
  std::string words = network.kind == NetConfig::Kind::User ? "user"
                      : network.kind == NetConfig::Kind::Tap
                          ? fmt::format("tap '{}'", network.tap_name)
                          : fmt::format("tap in descriptor {}", network.descriptor);
  if (network.mac) words += fmt::format(", {}", platform::to_text(*network.mac));
  for (const auto& forward : network.forwards) {
    words += fmt::format(", {}", platform::to_text(forward));
  }
  return words;
}

}  // namespace

std::vector<std::string> virtio_device_names(const MachineConfig& config,
                                             VirtioTransport transport) {
  std::vector<std::string> names;
  const auto add = [&](VirtioTransport of_device, std::string words) {
    if (of_device == transport) names.push_back(std::move(words));
  };
  if (config.virtio_console.kind != SerialBackend::Kind::None) {
    add(config.virtio_transport, fmt::format("virtio console, {}", name(config.virtio_console)));
  }
  if (config.rng) add(config.virtio_transport, "virtio entropy");
  for (const DiskConfig& disk : config.disks) {
    add(disk.transport, fmt::format("virtio disk {}, '{}'{}{}", disk.id, disk.path,
                                    disk.read_only ? ", ro" : "", disk.overlay ? ", overlay" : ""));
  }
  for (const NetConfig& network : config.networks) {
    add(network.transport, fmt::format("virtio network, {}", name(network)));
  }
  return names;
}

bool has_pci(const MachineConfig& config) {
  return !virtio_device_names(config, VirtioTransport::Pci).empty();
}

std::span<const VirtioPlace> taken_pages(const MachineConfig& config, const VirtioPlaces& places) {
  return std::span{places.pages}.first(virtio_device_names(config, VirtioTransport::Mmio).size());
}

void describe_virtio(Description& out, const MachineConfig& config, const VirtioPlaces& places) {
  const std::vector<std::string> in_pages = virtio_device_names(config, VirtioTransport::Mmio);
  for (std::size_t i = 0; i < in_pages.size(); ++i) {
    out.range(places.pages[i].registers,
              fmt::format("{}, interrupt {}", in_pages[i], places.pages[i].interrupt.value));
  }
  const std::vector<std::string> functions = virtio_device_names(config, VirtioTransport::Pci);
  if (!functions.empty()) describe_pci(out, places.pci, functions);
}

VirtioDevices::VirtioDevices(const Parts& parts, const Buses& buses) {
  if (has_pci(parts.config)) pci_.emplace(parts.places.pci, buses, parts.vm);
  if (parts.wiring.backends.virtio_console != nullptr) {
    auto console = std::make_unique<devices::virtio::Console>(parts.wiring.executor,
                                                              *parts.wiring.backends.virtio_console,
                                                              parts.wiring.backends.console_size);
    console_ = console.get();
    add(parts, buses, parts.config.virtio_transport, std::move(console));
  }
  if (parts.config.rng) {
    add(parts, buses, parts.config.virtio_transport, std::make_unique<devices::virtio::Entropy>());
  }
  const auto disks = parts.wiring.backends.disks;
  for (std::size_t i = 0; i < disks.size(); ++i) {
    const DiskConfig& config = parts.config.disks[i];
    add(parts, buses, config.transport,
        std::make_unique<devices::virtio::Block>(
            *disks[i], devices::virtio::Block::Settings{.id = config.id, .queues = config.queues}));
  }
  const auto networks = parts.wiring.backends.networks;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    add(parts, buses, parts.config.networks[i].transport,
        std::make_unique<devices::virtio::Net>(networks[i]));
  }
}

void VirtioDevices::add(const Parts& parts, const Buses& buses, VirtioTransport transport,
                        std::unique_ptr<devices::virtio::Device> device) {
  if (transport == VirtioTransport::Pci) {
    cores_.push_back(&pci_->add({parts.wiring.executor, parts.memory, parts.vm, *device}).core());
  } else {
    add_page(parts, buses, *device);
  }
  devices_.push_back(std::move(device));
}

void VirtioDevices::add_page(const Parts& parts, const Buses& buses,
                             devices::virtio::Device& device) {
  const VirtioPlace& place = parts.places.pages[transports_.size()];
  platform::InterruptEdge edge;
  parts.vm.interrupt_from(edge.native_handle(), place.interrupt);
  auto transport =
      std::make_unique<MmioTransport>(parts.wiring.executor, parts.memory, device, std::move(edge));
  for (std::uint16_t i = 0; i < transport->core().queue_count(); ++i) {
    runtime::Event* const doorbell = transport->core().doorbell(i);
    if (doorbell == nullptr) continue;
    parts.vm.ring({.place = place.registers.start + MmioTransport::queue_notify_offset, .value = i},
                  *doorbell);
  }
  buses.memory.add(place.registers.start, place.registers.size_bytes, *transport);
  cores_.push_back(&transport->core());
  transports_.push_back(std::move(transport));
}

void VirtioDevices::run(runtime::Scope& tasks) {
  for (auto* const core : cores_) tasks.spawn(core->run());
}

runtime::Task<> VirtioDevices::drain() {
  if (console_ != nullptr) co_await console_->drain();
}

void VirtioDevices::release_vcpus() {
  for (auto* const core : cores_) core->release();
}

void VirtioDevices::resize_console(devices::virtio::ConsoleSize size) {
  if (console_ != nullptr) console_->resize(size);
}

std::uint64_t VirtioDevices::console_bytes() const {
  return console_ == nullptr ? 0 : console_->sent_bytes();
}

std::optional<std::chrono::steady_clock::time_point> VirtioDevices::first_console_byte_at() const {
  return console_ == nullptr ? std::nullopt : console_->first_byte_sent_at();
}

}  // namespace vmm
