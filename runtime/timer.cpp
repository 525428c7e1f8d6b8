#include "runtime/timer.hpp"

#include <asio/basic_waitable_timer.hpp>
#include <asio/post.hpp>

#include "runtime/failure.hpp"
#include "runtime/scope.hpp"

namespace runtime {
namespace {

/// "For ever", as a caller may say it, would wrap into the past.
Clock::time_point after(Clock::duration duration) {
  const auto now = Clock::now();
  if (duration > Clock::time_point::max() - now) return Clock::time_point::max();
  return now + duration;
}

Task<> finish_first(Task<> task, Scope& race, bool& finished) {
  co_await std::move(task);
  finished = true;
  race.request_stop();
}

Task<> expire(Clock::duration timeout, Scope& race) {
  co_await sleep_for(timeout);
  race.request_stop();
}

}  // namespace

Task<> yield() {
  throw_if_stopped(co_await cancellation);
  co_await asio::post(co_await this_executor, or_throw);
}

Task<> sleep_for(Clock::duration duration) {
  return sleep_until(after(duration));
}

Task<> sleep_until(Clock::time_point when) {
  throw_if_stopped(co_await cancellation);
  asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor> timer{
      co_await this_executor, when};
  const auto [error] = co_await timer.async_wait(or_error);
  if (error) throw_failure(error, "wait for a timer");
}

Task<bool> with_deadline(Clock::duration timeout, Task<> task) {
  Scope race{co_await this_executor};
  bool finished = false;
  race.spawn(finish_first(std::move(task), race, finished));
  race.spawn(expire(timeout, race));
  co_await race.join();
  co_return finished;
}

}  // namespace runtime
