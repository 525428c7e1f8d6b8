#include "runtime/local_event.hpp"

#include <asio/associated_cancellation_slot.hpp>
#include <asio/async_result.hpp>
#include <asio/post.hpp>
#include <cassert>
#include <utility>

namespace runtime {

/// Begins a wait: keeps the handler that resumes the waiting task.
struct LocalEvent::Start {
  LocalEvent& event;
  OnStop on_stop;

  template <typename Resume>
  void operator()(Resume&& resume) const {
    assert(!event.waiter_ && "one task at a time waits on a LocalEvent");
    auto slot = asio::get_associated_cancellation_slot(resume);
    event.waiter_ = Handler{std::forward<Resume>(resume)};
    if (on_stop == OnStop::Abort && slot.is_connected()) {
      // Resuming clears the slot, so this never outlives the wait.
      slot.assign([&waited = event](asio::cancellation_type) {
        waited.finish(asio::error::operation_aborted);
      });
    }
    if (event.notified_) event.finish({});
  }
};

void LocalEvent::finish(std::error_code error) noexcept {
  if (!waiter_) return;
  if (!error) notified_ = false;
  // Never resumes in place: the caller is in the middle of something of its own.
  asio::post(executor_, [resume = std::exchange(waiter_, nullptr), error]() mutable {
    std::move(resume)(error);
  });
}

void LocalEvent::notify() noexcept {
  notified_ = true;
  finish({});
}

Task<> LocalEvent::wait() {
  throw_if_stopped(co_await cancellation);
  co_await asio::async_initiate<const asio::deferred_t, void(std::error_code)>(
      Start{*this, OnStop::Abort}, or_throw);
}

Task<> LocalEvent::wait_through_stop() {
  co_await asio::async_initiate<const asio::deferred_t, void(std::error_code)>(
      Start{*this, OnStop::Ignore}, or_throw);
}

}  // namespace runtime
