#include "runtime/event.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <asio/buffer.hpp>
#include <cerrno>

#include "runtime/failure.hpp"

namespace runtime {

// Not O_NONBLOCK: io_uring then waits by itself instead of answering EAGAIN. A write could only
// block at a count of 2^64, and the flag keeps ours at one or two.
Event::Event(Executor executor)
    : descriptor_{check(::eventfd(0, EFD_CLOEXEC), "create an eventfd")},
      eventfd_{executor, descriptor_} {}

void Event::notify() noexcept {
  // Whoever finds the flag set may skip the write: its waiter has yet to clear the flag, and
  // looks at the state only after that. Acquire and release make what the notifier changed
  // before visible there.
  if (notified_.exchange(true, std::memory_order_acq_rel)) return;
  const int saved_errno = errno;
  const std::uint64_t one = 1;
  (void)retry_interrupted([&] { return ::write(descriptor_, &one, sizeof(one)); });
  errno = saved_errno;
}

Task<> Event::wait() {
  throw_if_stopped(co_await cancellation);
  const auto [error, size_bytes] =
      co_await eventfd_.async_read_some(asio::buffer(&count_, sizeof(count_)), or_error);
  // Also after a failed read: then the eventfd is as readable as before, and a set flag without
  // a waiter would only swallow notifications.
  (void)notified_.exchange(false, std::memory_order_acq_rel);
  if (error && !is_transient(error)) throw_failure(error, "wait on an eventfd");
}

}  // namespace runtime
