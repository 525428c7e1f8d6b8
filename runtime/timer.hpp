// Waiting for time to pass, on the monotonic clock.
//
// Threads: all calls on the Loop's thread.
#pragma once

#include <chrono>

#include "runtime/task.hpp"

namespace runtime {

using Clock = std::chrono::steady_clock;

/// Lets other tasks run, and goes on.
Task<> yield();

/// Each always lets other tasks run first, also when the time has already passed.
Task<> sleep_for(Clock::duration duration);
Task<> sleep_until(Clock::time_point when);

/// Runs a task, and stops it if it has not finished when `timeout` has passed; returns whether it
/// finished. Either way the task has ended by then. Its failure is rethrown.
Task<bool> with_deadline(Clock::duration timeout, Task<> task);

}  // namespace runtime
