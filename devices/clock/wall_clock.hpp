// The time of day, as a clock chip is given it.
#pragma once

#include <chrono>
#include <functional>

namespace devices {

using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;
using WallClock = std::function<WallTime()>;

/// The host's clock; what a guest shows is this plus what it has set.
inline WallTime host_time() {
  return std::chrono::system_clock::now();
}

}  // namespace devices
