#include "vmm/arm64/devices.hpp"

#include <utility>
#include <vector>

#include "vmm/arm64/address_map.hpp"

namespace vmm::arm64 {

using platform::arm64::GicV2m;
using platform::arm64::PlatformConfig;

void describe_devices(const MachineConfig& config, loader::arm64::Machine& machine) {
  for (std::size_t i = 0; i < address_map::serial_ports.size(); ++i) {
    if (config.serial[i].kind == SerialBackend::Kind::None) continue;
    const address_map::SerialPlace place = address_map::serial_ports[i];
    machine.serial_ports.push_back({.base = place.base, .interrupt = place.interrupt});
  }
  machine.rtc = {.base = address_map::rtc, .interrupt = address_map::rtc_interrupt};
  if (config.device_tree) {
    machine.power_key = {.base = address_map::power_key,
                         .interrupt = address_map::power_interrupt,
                         .pin = devices::PowerKey::pin};
  } else {
    machine.power_button = {.interrupt = address_map::power_interrupt};
  }
  const VirtioPlaces places = address_map::virtio();
  if (has_pci(config)) machine.pci = places.pci;
  for (const VirtioPlace& page : taken_pages(config, places)) {
    machine.virtio_mmio.push_back({page.registers, page.interrupt});
  }
}

runtime::Task<> Devices::drain() {
  return runtime::all(serial_ports_.drain(), virtio_.drain());
}

Devices::Devices(const MachineConfig& config, const PlatformConfig& platform, platform::Vm& vm,
                 const platform::GuestMemory& memory, const vmm::Board::Wiring& wiring)
    : pins_{vm.interrupts()},
      rtc_{wiring.executor, pins_.line(address_map::rtc_interrupt)},
      boot_timer_{wiring.timeline},
      virtio_{{config, address_map::virtio(), vm, memory, wiring}, {mmio_}} {
  add_serial_ports(wiring);
  add_message_frame(platform);
  add_power_button(config, wiring.executor);
  mmio_.add(address_map::rtc, devices::Pl031::size_bytes, rtc_);
  mmio_.add(address_map::boot_timer, devices::BootTimer::size_bytes, boot_timer_);
}

void Devices::add_serial_ports(const vmm::Board::Wiring& wiring) {
  for (std::size_t i = 0; i < address_map::serial_ports.size(); ++i) {
    if (wiring.backends.serial[i] == nullptr) continue;
    const address_map::SerialPlace place = address_map::serial_ports[i];
    auto& port = serial_ports_.emplace(i, wiring.executor, pins_.line(place.interrupt),
                                       *wiring.backends.serial[i]);
    mmio_.add(place.base, devices::Pl011::size_bytes, port);
  }
}

void Devices::add_message_frame(const PlatformConfig& platform) {
  const auto* const v2m = std::get_if<GicV2m>(&platform.gic_msi);
  if (v2m == nullptr) return;
  std::vector<platform::InterruptLine> messages;
  for (std::uint32_t i = 0; i < v2m->spi_count; ++i) {
    messages.push_back(pins_.line({v2m->spi_base.value + i}));
  }
  v2m_.emplace(v2m->spi_base, std::move(messages));
  mmio_.add(v2m->frame_base, devices::GicV2mFrame::size_bytes, *v2m_);
}

void Devices::add_power_button(const MachineConfig& config, runtime::Executor executor) {
  platform::InterruptLine line = pins_.line(address_map::power_interrupt);
  if (!config.device_tree) {
    power_button_.emplace(std::move(line));
    return;
  }
  power_key_.emplace(executor, std::move(line));
  mmio_.add(address_map::power_key, devices::PowerKey::size_bytes, *power_key_);
}

void Devices::press_power_button() {
  if (power_button_) power_button_->press();
  if (power_key_) power_key_->press();
}

bool Devices::carry_out(platform::VmExit& exit) {
  if (const auto* read = std::get_if<platform::MmioRead>(&exit)) {
    mmio_.read(read->address, read->data);
  } else if (const auto* write = std::get_if<platform::MmioWrite>(&exit)) {
    mmio_.write(write->address, write->data);
  } else {
    return false;
  }
  return true;
}

void Devices::run(runtime::Scope& tasks) {
  serial_ports_.run(tasks);
  virtio_.run(tasks);
  tasks.spawn(rtc_.run());
  if (power_key_) tasks.spawn(power_key_->run());
}

}  // namespace vmm::arm64
