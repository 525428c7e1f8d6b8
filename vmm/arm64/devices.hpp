// The devices of an AArch64 machine, each at its place on the bus and on its interrupt.
//
// Threads: made before the first vCPU runs; registers on vCPU threads, run() and drain() on the
//          Loop's.
#pragma once

#include <chrono>
#include <optional>

#include "devices/bus.hpp"
#include "devices/clock/pl031.hpp"
#include "devices/serial/pl011.hpp"
#include "devices/system/boot_mark.hpp"
#include "devices/system/gic_v2m.hpp"
#include "devices/system/power_button.hpp"
#include "devices/system/power_key.hpp"
#include "loader/arm64/machine.hpp"
#include "platform/arm64/config.hpp"
#include "platform/vm_exit.hpp"
#include "runtime/scope.hpp"
#include "vmm/board.hpp"
#include "vmm/config.hpp"
#include "vmm/interrupt_pins.hpp"
#include "vmm/serial_ports.hpp"
#include "vmm/virtio_devices.hpp"

namespace vmm::arm64 {

/// Lists the same devices for tables and trees.
void describe_devices(const MachineConfig& config, loader::arm64::Machine& machine);

class Devices {
 public:
  Devices(const MachineConfig& config, const platform::arm64::PlatformConfig& platform,
          platform::Vm& vm, const platform::GuestMemory& memory, const vmm::Board::Wiring& wiring);

  /// Carries out a register access; false if the exit is none.
  [[nodiscard]] bool carry_out(platform::VmExit& exit);

  void press_power_button();

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
  void add_message_frame(const platform::arm64::PlatformConfig& platform);
  void add_power_button(const MachineConfig& config, runtime::Executor executor);

  InterruptPins pins_;
  SerialPorts<devices::Pl011> serial_ports_;
  devices::Pl031 rtc_;
  // One of these: what the machine is described by can show no other.
  std::optional<devices::PowerButton> power_button_;
  std::optional<devices::PowerKey> power_key_;
  devices::BootTimer boot_timer_;
  std::optional<devices::GicV2mFrame> v2m_;
  devices::MmioBus mmio_;
  VirtioDevices virtio_;
};

}  // namespace vmm::arm64
