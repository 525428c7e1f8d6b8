// The devices of an x86_64 machine, each at its place on the buses and on its interrupt.
//
// Threads: made before the first vCPU runs; registers on vCPU threads, run() and drain() on the
//          Loop's.
#pragma once

#include <chrono>
#include <optional>

#include "devices/bus.hpp"
#include "devices/clock/cmos_rtc.hpp"
#include "devices/serial/uart_16550.hpp"
#include "devices/system/acpi_pm.hpp"
#include "devices/system/boot_mark.hpp"
#include "devices/system/pc_ports.hpp"
#include "devices/system/power_control.hpp"
#include "loader/acpi/x86_64/machine.hpp"
#include "platform/interrupts.hpp"
#include "platform/vm_exit.hpp"
#include "runtime/byte_stream.hpp"
#include "runtime/scope.hpp"
#include "vmm/board.hpp"
#include "vmm/config.hpp"
#include "vmm/interrupt_pins.hpp"
#include "vmm/serial_ports.hpp"
#include "vmm/virtio_devices.hpp"

namespace vmm::x86_64 {

/// Lists the same devices for ACPI.
void describe_devices(const MachineConfig& config, loader::acpi::x86_64::Machine& machine);

class Devices {
 public:
  /// All of it outlives the devices.
  Devices(const MachineConfig& config, platform::Vm& vm, const platform::GuestMemory& memory,
          const vmm::Board::Wiring& wiring);

  /// Carries out a register access; false if the exit is none.
  [[nodiscard]] bool carry_out(platform::VmExit& exit);

  void press_power_button() { power_management_->press_power_button(); }

  /// Starts what the devices do by themselves.
  void run(runtime::Scope& tasks);
  /// Returns when the streams behind serial ports and console have taken all that the guest sent.
  runtime::Task<> drain();
  void release_vcpus() { virtio_.release_vcpus(); }
  void resize_console(devices::virtio::ConsoleSize size) { virtio_.resize_console(size); }

  [[nodiscard]] std::uint64_t console_bytes() const {
    return serial_ports_.sent_bytes() + virtio_.console_bytes();
  }
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> first_console_byte_at() const {
    return earlier(serial_ports_.first_byte_sent_at(), virtio_.first_console_byte_at());
  }

 private:
  void add_serial_ports(const vmm::Board::Wiring& wiring);
  void add_system_devices(const MachineConfig& config, const vmm::Board::Wiring& wiring);

  InterruptPins pins_;
  SerialPorts<devices::Uart16550> serial_ports_;
  std::optional<devices::CmosRtc> rtc_;
  std::optional<devices::AcpiPm> power_management_;
  devices::PostCodePort post_code_;
  devices::BootTimer boot_timer_;
  devices::NmiStatusPort nmi_status_;
  devices::FastResetPort fast_reset_;
  devices::I8042ResetPort i8042_;
  devices::ResetControlPort reset_control_;
  devices::PortBus ports_;
  devices::MmioBus mmio_;
  VirtioDevices virtio_;
};

}  // namespace vmm::x86_64
