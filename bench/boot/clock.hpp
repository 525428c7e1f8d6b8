// The one clock of all spans: CLOCK_MONOTONIC, which Mayfly's timeline and the kernel's trace
// ("mono") use too.
#pragma once

#include <chrono>
#include <cstdint>

namespace bench {

using Nanoseconds = std::int64_t;

[[nodiscard]] inline Nanoseconds now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace bench
