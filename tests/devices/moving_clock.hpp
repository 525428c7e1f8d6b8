// The time of day as a test wants it to be when it begins; from then on it is as fast as any.
#pragma once

#include <chrono>

#include "devices/clock/wall_clock.hpp"

class MovingClock {
 public:
  explicit MovingClock(devices::WallTime start) : start_{start} {}

  /// Must not outlive the clock.
  devices::WallClock reading() const {
    return [this] { return start_ + (std::chrono::steady_clock::now() - started_); };
  }

 private:
  const devices::WallTime start_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};
