// The PC's clock chip: MC146818 registers, and the task that raises its alarms.
//
// Threads: registers on vCPU threads, run() on the executor's.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "devices/bus_device.hpp"
#include "devices/clock/cmos_rtc_registers.hpp"
#include "platform/interrupts.hpp"
#include "runtime/event.hpp"
#include "runtime/guarded.hpp"
#include "runtime/task.hpp"

namespace devices {

/// Index port at offset 0, data port at offset 1.
class CmosRtc final : public BusDevice {
 public:
  static constexpr std::uint64_t size_bytes = 2;
  using WallClock = std::function<WallTime()>;

  /// The host's clock; what a guest shows is this plus what it has set.
  static WallTime host_time();

  CmosRtc(runtime::Executor executor, platform::InterruptLine irq, CmosMemorySizes memory,
          WallClock now = host_time);

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

  /// Raises alarm, update and periodic interrupts until stopped. Sleeps without a timer while the
  /// guest has none of them enabled.
  runtime::Task<> run();

 private:
  struct State {
    State(CmosMemorySizes memory, WallTime now, platform::InterruptLine line)
        : registers{memory, now}, irq{std::move(line)} {}

    CmosRtcRegisters registers;
    platform::InterruptLine irq;
    std::optional<WallTime> alarm_set_for;  // when run() will look next by itself
  };

  /// Changes the registers at the present time, and puts the interrupt line where they say.
  template <typename Change>
  auto update(Change change);

  const WallClock now_;
  runtime::Guarded<State> state_;
  runtime::Event schedule_changed_;
};

}  // namespace devices
