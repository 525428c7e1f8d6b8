// An ARM machine's clock chip: PL031 registers, and the task that raises its alarm.
//
// Threads: registers on vCPU threads, run() on the executor's.
#pragma once

#include "devices/bus_device.hpp"
#include "devices/clock/alarm_clock.hpp"
#include "devices/clock/pl031_registers.hpp"

namespace devices {

class Pl031 final : public BusDevice {
 public:
  static constexpr std::uint64_t size_bytes = Pl031Registers::size_bytes;

  Pl031(runtime::Executor executor, platform::InterruptLine irq, const WallClock& now = host_time);

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

  /// Raises the alarm until stopped.
  runtime::Task<> run() { return clock_.run(); }

 private:
  AlarmClock<Pl031Registers> clock_;
};

}  // namespace devices
