#include "runtime/scope.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <exception>

#include "runtime/log.hpp"

namespace runtime {
namespace {

// The only kind an awaitable listens to unless told otherwise.
constexpr auto stop_kind = asio::cancellation_type::terminal;

bool is_stop(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::system_error& error) {
    return runtime::is_stop(error.code());
  } catch (...) {
    return false;
  }
}

}  // namespace

Task<> detail::enter(Task<> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(task);
}

Scope::~Scope() {
  if (children_.empty()) return;
  // They would go on in a Scope, and in a caller, that no longer exist.
  log::error("a Scope was destroyed before its {} tasks were joined", children_.size());
  std::terminate();
}

void Scope::spawn(Task<> task) noexcept {
  const auto child = children_.emplace(children_.end());
  // Asio never runs the handler before co_spawn has returned, so `child` stays valid here.
  asio::co_spawn(
      executor_, detail::enter(std::move(task)),
      asio::bind_cancellation_slot(child->stop.slot(), [this, child](std::exception_ptr failure) {
        finished(child, std::move(failure));
      }));
  if (stop_requested_) child->stop.emit(stop_kind);
}

void Scope::request_stop() noexcept {
  if (std::exchange(stop_requested_, true)) return;
  // Ends no child in place: whatever a child waits for completes through the Loop.
  for (Child& child : children_) child.stop.emit(stop_kind);
}

void Scope::finished(Children::iterator child, std::exception_ptr failure) noexcept {
  children_.erase(child);
  if (failure && !failure_ && !(stop_requested_ && is_stop(failure))) {
    failure_ = std::move(failure);
    request_stop();
  }
  if (children_.empty()) emptied_.notify();
}

Task<> Scope::join() {
  bool caller_stopped = false;
  try {
    while (!children_.empty()) co_await emptied_.wait();
  } catch (const std::system_error&) {  // only a stop ends that wait
    caller_stopped = true;
  }
  if (caller_stopped) request_stop();
  while (!children_.empty()) co_await emptied_.wait_through_stop();
  rethrow_failure();
  if (caller_stopped) throw stopped();
}

void Scope::rethrow_failure() {
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

Task<> shielded(Task<> task) {
  Scope scope{co_await this_executor};
  scope.spawn(std::move(task));
  while (!scope.children_.empty()) co_await scope.emptied_.wait_through_stop();
  scope.rethrow_failure();
}

}  // namespace runtime
