// TestLoop: runs a task to its end on the test's thread, and fails if that takes too long.
//
// Tests wait for events under this deadline; none sleeps to wait for something.
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include "runtime/loop.hpp"
#include "runtime/task.hpp"
#include "runtime/timer.hpp"

class TestLoop {
 public:
  /// Far more than any test needs, also under a sanitizer on a busy machine.
  static constexpr std::chrono::seconds deadline{20};

  runtime::Executor executor() noexcept { return loop_.executor(); }
  runtime::Loop& loop() noexcept { return loop_; }

  /// Runs the task to its end; rethrows its failure. Throws if the deadline passes, after having
  /// stopped the task.
  void run(runtime::Task<> task) { loop_.run(in_time(std::move(task))); }

  /// The same for a task with a result.
  template <typename T>
  T run(runtime::Task<T> task) {
    std::optional<T> result;
    run(keep(std::move(task), result));
    return std::move(*result);
  }

 private:
  static runtime::Task<> in_time(runtime::Task<> task) {
    // Not in the condition itself: g++ 12 miscompiles a co_await there that takes a Task by value.
    const bool finished = co_await runtime::with_deadline(deadline, std::move(task));
    if (!finished) {
      throw std::runtime_error{"the task did not finish before the test's deadline"};
    }
  }

  template <typename T>
  static runtime::Task<> keep(runtime::Task<T> task, std::optional<T>& result) {
    result.emplace(co_await std::move(task));
  }

  runtime::Loop loop_;
};
