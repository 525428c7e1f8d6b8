// How time passes for a clock chip that is fuzzed, and what must hold of its alarms meanwhile.
#pragma once

#include <chrono>
#include <cstdint>

#include "devices/clock/wall_clock.hpp"
#include "tests/fuzz/require.hpp"

constexpr devices::WallTime first_host_time =
    std::chrono::sys_days{std::chrono::year{2026} / 1 / 15} + std::chrono::minutes{825};

/// Whether a host's clock may show this; see host_time().
inline bool is_host_time(devices::WallTime time) {
  using std::chrono::sys_days, std::chrono::year;
  return time >= sys_days{year{1970} / 1 / 1} && time <= sys_days{year{2100} / 1 / 1};
}

/// From a nanosecond to some months, and now and then a step back.
inline std::chrono::nanoseconds clock_step(std::uint8_t scale, std::uint8_t amount) {
  const std::chrono::nanoseconds forward{(std::int64_t{amount} + 1) << (scale % 46)};
  return scale % 16 == 15 ? -forward : forward;
}

/// What is announced comes, and not before: run() sleeps by it.
template <typename Registers>
void check_next_interrupt(const Registers& rtc, devices::WallTime now,
                          std::chrono::nanoseconds at_most) {
  const auto next = rtc.next_interrupt();
  if (!next) return;
  require(*next > now);
  require(*next <= now + at_most);
  Registers later = rtc;
  later.catch_up(*next - std::chrono::nanoseconds{1});
  require(!later.interrupt_pending());
  later.catch_up(*next);
  require(later.interrupt_pending());
}
