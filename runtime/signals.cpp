#include "runtime/signals.hpp"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "runtime/failure.hpp"

namespace runtime {
namespace {

sigset_t set_of(std::initializer_list<int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) sigaddset(&set, number);
  return set;
}

int open_signalfd(const sigset_t& set) {
  return check(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "create a signalfd");
}

}  // namespace

Signals::Blocked::Blocked(const sigset_t& set) {
  pthread_sigmask(SIG_BLOCK, &set, &before_);
}
Signals::Blocked::~Blocked() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

Signals::Signals(Executor executor, std::initializer_list<int> numbers)
    : blocked_{set_of(numbers)}, signalfd_{executor, open_signalfd(set_of(numbers))} {}

// What still queues here was meant for us too: unblocked, it would kill a process that is ending.
Signals::~Signals() {
  signalfd_siginfo info;
  while (::read(signalfd_.native_handle(), &info, sizeof(info)) == sizeof(info)) {
  }
}

Task<int> Signals::next() {
  using Descriptor = decltype(signalfd_);
  for (;;) {
    throw_if_stopped(co_await cancellation);
    // Polled, then read here: io_uring would read on a worker thread, with that one's signals.
    const auto [error] = co_await signalfd_.async_wait(Descriptor::wait_read, or_error);
    if (error && !is_transient(error)) throw_failure(error, "wait for a signal");
    signalfd_siginfo info;
    if (::read(signalfd_.native_handle(), &info, sizeof(info)) == sizeof(info)) {
      co_return static_cast<int>(info.ssi_signo);
    }
  }
}

}  // namespace runtime
