// Event: an eventfd that one task waits on and any thread, or KVM, rings.
//
// Threads: notify() and native_handle() from any thread; wait() on the Loop's.
// Trust:   a guest may ring (through an ioeventfd) as often as it likes: rings coalesce.
#pragma once

#include <asio/posix/basic_stream_descriptor.hpp>
#include <atomic>
#include <cstdint>

#include "runtime/task.hpp"

namespace runtime {

class Event {
 public:
  /// Throws HostError when the process has no descriptor left.
  explicit Event(Executor executor);
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// Ends the current wait, or the next one. At most one system call; none if an earlier
  /// notification has not been consumed yet. Safe in a signal handler.
  void notify() noexcept;

  /// Waits for a notification; one task at a time. Notifications coalesce, and a wake-up may be
  /// spurious, so re-check the state it is about. Always lets other tasks run first.
  Task<> wait();

  /// For KVM_IOEVENTFD and the like, which notify by writing to it.
  [[nodiscard]] int native_handle() const noexcept { return descriptor_; }

 private:
  // Set from notify() until a waiter has consumed it: while set, the eventfd is readable or about
  // to be. KVM's writes bypass it, which costs nothing but a write notify() could have saved.
  std::atomic<bool> notified_{false};
  std::uint64_t count_ = 0;
  int descriptor_;
  asio::posix::basic_stream_descriptor<Executor> eventfd_;
};

}  // namespace runtime
