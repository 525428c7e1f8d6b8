// The PC's clock chip: MC146818 registers on two ports, and the task that raises its alarms.
//
// Threads: registers on vCPU threads, run() on the executor's.
#pragma once

#include "devices/bus_device.hpp"
#include "devices/clock/alarm_clock.hpp"
#include "devices/clock/cmos_rtc_registers.hpp"

namespace devices {

/// Index port at offset 0, data port at offset 1.
class CmosRtc final : public BusDevice {
 public:
  static constexpr std::uint64_t size_bytes = 2;

  CmosRtc(runtime::Executor executor, platform::InterruptLine irq, CmosMemorySizes memory,
          const WallClock& now = host_time);

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

  /// Raises alarm, update and periodic interrupts until stopped.
  runtime::Task<> run() { return clock_.run(); }

 private:
  AlarmClock<CmosRtcRegisters> clock_;
};

}  // namespace devices
