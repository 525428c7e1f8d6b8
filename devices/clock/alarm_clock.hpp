// Registers that raise interrupts by themselves as time passes, and the task that sees to it.
//
// Threads: registers on vCPU threads, run() on the executor's.
#pragma once

#include <concepts>
#include <optional>
#include <utility>

#include "devices/clock/wall_clock.hpp"
#include "platform/interrupts.hpp"
#include "runtime/event.hpp"
#include "runtime/finally.hpp"
#include "runtime/guarded.hpp"
#include "runtime/task.hpp"
#include "runtime/timer.hpp"

namespace devices {

/// Pure state that knows when it will interrupt next.
template <typename Chip>
concept ClockRegisters = requires(Chip chip, const Chip& seen, WallTime now) {
  chip.catch_up(now);
  { seen.interrupt_pending() } -> std::same_as<bool>;
  { seen.next_interrupt() } -> std::same_as<std::optional<WallTime>>;
};

/// What every clock chip's shell is made of.
template <ClockRegisters Registers>
class AlarmClock {
 public:
  AlarmClock(runtime::Executor executor, platform::InterruptLine irq, WallClock now,
             Registers registers)
      : now_{std::move(now)},
        state_{std::move(registers), std::move(irq)},
        schedule_changed_{executor} {}

  [[nodiscard]] WallTime now() const { return now_(); }

  /// Changes the registers, puts the interrupt line where they say, and has run() look again if the
  /// next interrupt comes earlier than it thought.
  template <typename Change>
  auto update(Change change) {
    return update_state([&](State& state) { return change(state.registers); });
  }

  /// Raises the interrupts that come with time, until stopped. Sleeps without a timer while the
  /// guest awaits none.
  runtime::Task<> run() {
    for (;;) {
      const auto next = look();
      if (next) {
        co_await runtime::with_deadline(*next - now_(), schedule_changed_.wait());
      } else {
        co_await schedule_changed_.wait();
      }
    }
  }

 private:
  struct State {
    State(Registers chip, platform::InterruptLine line)
        : registers{std::move(chip)}, irq{std::move(line)} {}

    Registers registers;
    platform::InterruptLine irq;
    std::optional<WallTime> alarm_set_for;  // when run() will look next by itself
  };

  template <typename Change>
  auto update_state(Change change) {
    return state_.with([&](State& state) {
      const runtime::Finally settle{[&] {
        state.irq.set(state.registers.interrupt_pending());
        const auto next = state.registers.next_interrupt();
        // Sleeping too long would miss an interrupt; waking too early costs nothing but the call.
        if (next && (!state.alarm_set_for || *next < *state.alarm_set_for)) {
          state.alarm_set_for = next;
          schedule_changed_.notify();
        }
      }};
      return change(state);
    });
  }

  std::optional<WallTime> look() {
    return update_state([this](State& state) {
      state.registers.catch_up(now_());
      return state.alarm_set_for = state.registers.next_interrupt();
    });
  }

  const WallClock now_;
  runtime::Guarded<State> state_;
  runtime::Event schedule_changed_;
};

}  // namespace devices
