// LocalEvent: an Event within one Loop: no descriptor, no system call, a few words.
//
// Threads: all calls on the Loop's thread.
#pragma once

#include <asio/any_completion_handler.hpp>
#include <system_error>

#include "runtime/task.hpp"

namespace runtime {

class LocalEvent {
 public:
  explicit LocalEvent(Executor executor) : executor_{executor} {}
  LocalEvent(const LocalEvent&) = delete;
  LocalEvent& operator=(const LocalEvent&) = delete;

  /// Ends the current wait, or the next one if nobody waits. Notifications coalesce.
  void notify() noexcept;

  /// Waits for a notification; one task at a time. Always lets other tasks run first.
  Task<> wait();

  /// The same, deaf to stop requests: for what must be awaited even while stopping.
  Task<> wait_through_stop();

 private:
  enum class OnStop { Abort, Ignore };
  using Handler = asio::any_completion_handler<void(std::error_code)>;
  struct Start;

  void finish(std::error_code error) noexcept;

  Executor executor_;
  Handler waiter_;
  bool notified_ = false;
};

}  // namespace runtime
