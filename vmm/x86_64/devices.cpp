#include "vmm/x86_64/devices.hpp"

#include "vmm/x86_64/address_map.hpp"

namespace vmm::x86_64 {
namespace {

using devices::PortBus;
using platform::MmioRead;
using platform::MmioWrite;
using platform::Port;
using platform::PortRead;
using platform::PortWrite;

/// A `rep ins` or `rep outs` is that many accesses to the same port.
template <typename Access, typename Data>
void for_each_access(std::span<Data> data, std::size_t width_bytes, Access access) {
  for (; !data.empty(); data = data.subspan(width_bytes)) access(data.first(width_bytes));
}

devices::CmosMemorySizes cmos_memory(std::uint64_t memory_bytes) {
  const std::vector<platform::AddressRange> ram = address_map::ram(memory_bytes);
  return {.below_4_gib_bytes = ram[0].size_bytes,
          .above_4_gib_bytes = ram.size() > 1 ? ram[1].size_bytes : 0};
}

bool has_port(const SerialBackend& backend) {
  return backend.kind != SerialBackend::Kind::None;
}

}  // namespace

void describe_devices(const MachineConfig& config, loader::acpi::x86_64::Machine& machine) {
  for (unsigned i = 0; i < serial_port_count; ++i) {
    if (!has_port(config.serial[i])) continue;
    const address_map::SerialPlace place = address_map::serial_ports[i];
    machine.serial_ports.push_back(
        {.number = i + 1, .base = place.base, .interrupt = place.interrupt});
  }
  machine.rtc = {.base = address_map::rtc, .interrupt = address_map::rtc_interrupt};
  machine.power.base = address_map::power_management;
  machine.power.interrupt = address_map::power_management_interrupt;
  const VirtioPlaces places = address_map::virtio();
  if (has_pci(config)) machine.pci = places.pci;
  for (const VirtioPlace& page : taken_pages(config, places)) {
    machine.virtio_mmio.push_back({page.registers, page.interrupt});
  }
}

Devices::Devices(const MachineConfig& config, platform::Vm& vm, const platform::GuestMemory& memory,
                 const vmm::Board::Wiring& wiring)
    : pins_{vm.interrupts()},
      post_code_{wiring.timeline},
      boot_timer_{wiring.timeline},
      fast_reset_{wiring.power},
      i8042_{wiring.power},
      reset_control_{wiring.power},
      virtio_{{config, address_map::virtio(), vm, memory, wiring}, {mmio_, &ports_}} {
  add_serial_ports(wiring);
  add_system_devices(config, wiring);
}

void Devices::add_serial_ports(const vmm::Board::Wiring& wiring) {
  for (std::size_t i = 0; i < serial_port_count; ++i) {
    if (wiring.backends.serial[i] == nullptr) continue;
    const address_map::SerialPlace place = address_map::serial_ports[i];
    auto& port = serial_ports_.emplace(i, wiring.executor, pins_.line(place.interrupt),
                                       *wiring.backends.serial[i]);
    ports_.add(place.base, devices::Uart16550::size_bytes, port);
  }
}

void Devices::add_system_devices(const MachineConfig& config, const vmm::Board::Wiring& wiring) {
  rtc_.emplace(wiring.executor, pins_.line(address_map::rtc_interrupt),
               cmos_memory(config.memory_bytes));
  const auto started = std::chrono::steady_clock::now();
  power_management_.emplace(pins_.line(address_map::power_management_interrupt), wiring.power,
                            [started] { return std::chrono::steady_clock::now() - started; });
  ports_.add(address_map::rtc, devices::CmosRtc::size_bytes, *rtc_);
  ports_.add(address_map::power_management, devices::AcpiPm::size_bytes, *power_management_);
  const auto add_port = [this]<typename Device>(Device& device) {
    ports_.add(Port{Device::port}, Device::size_bytes, device);
  };
  add_port(post_code_);
  add_port(nmi_status_);
  add_port(fast_reset_);
  add_port(i8042_);
  add_port(reset_control_);
  mmio_.add(address_map::boot_timer, devices::BootTimer::size_bytes, boot_timer_);
}

bool Devices::carry_out(platform::VmExit& exit) {
  if (const auto* write = std::get_if<PortWrite>(&exit)) {
    for_each_access(write->data, write->width_bytes,
                    [&](auto data) { ports_.write(write->port, data); });
  } else if (const auto* read = std::get_if<PortRead>(&exit)) {
    for_each_access(read->data, read->width_bytes,
                    [&](auto data) { ports_.read(read->port, data); });
  } else if (const auto* mmio_read = std::get_if<MmioRead>(&exit)) {
    mmio_.read(mmio_read->address, mmio_read->data);
  } else if (const auto* mmio_write = std::get_if<MmioWrite>(&exit)) {
    mmio_.write(mmio_write->address, mmio_write->data);
  } else {
    return false;
  }
  return true;
}

runtime::Task<> Devices::drain() {
  return runtime::all(serial_ports_.drain(), virtio_.drain());
}

void Devices::run(runtime::Scope& tasks) {
  serial_ports_.run(tasks);
  virtio_.run(tasks);
  tasks.spawn(rtc_->run());
}

}  // namespace vmm::x86_64
