// Structured concurrency: a task never outlives the Scope that started it.
//
// A stop request says that a result is no longer wanted. It makes the wait a task is in (or the
// next one it begins) throw; the task unwinds, and its Scope swallows the exception there. A
// stop is not a failure. It is sent once, and every task is awaited after it.
//
// Threads: all calls on the Loop's thread; send others there with Loop::post or an Event.
#pragma once

#include <asio/cancellation_signal.hpp>
#include <concepts>
#include <exception>
#include <list>
#include <type_traits>
#include <utility>

#include "runtime/local_event.hpp"
#include "runtime/task.hpp"

namespace runtime {

class Scope {
 public:
  explicit Scope(Executor executor) : executor_{executor}, emptied_{executor} {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  /// Every child must have finished: terminates the process otherwise.
  ~Scope();

  /// Starts a child, which runs up to its first wait before spawn returns. A child of a Scope
  /// that was asked to stop is stopped at that first wait.
  void spawn(Task<> child) noexcept;

  /// Asks all children to stop. The first failure of a child does so too. Idempotent.
  void request_stop() noexcept;
  [[nodiscard]] bool stop_requested() const noexcept { return stop_requested_; }

  /// Waits until every child has finished, then rethrows the first failure. If the caller is
  /// asked to stop meanwhile, the children are as well; the wait goes on until they have
  /// finished, and only then does the stop unwind the caller.
  Task<> join();

 private:
  friend Task<> shielded(Task<> task);

  struct Child {
    asio::cancellation_signal stop;
  };
  using Children = std::list<Child>;

  void finished(Children::iterator child, std::exception_ptr failure) noexcept;
  void rethrow_failure();

  Executor executor_;
  Children children_;
  LocalEvent emptied_;
  std::exception_ptr failure_;
  bool stop_requested_ = false;
};

/// Runs a task to its end even if the caller was, or is meanwhile, asked to stop; the stop then
/// takes effect at the caller's next wait. For the few things that must not be cut short.
Task<> shielded(Task<> task);

namespace detail {

template <typename Body>
Task<> call(Body& body, Scope& scope) {
  if constexpr (std::is_void_v<std::invoke_result_t<Body&, Scope&>>) {
    body(scope);
    co_return;
  } else {
    co_await body(scope);
  }
}

}  // namespace detail

/// Runs `body(scope)`, a plain function or one that returns a Task, and finishes when it and
/// every child it spawned have. The first failure, in the body or a child, stops the rest and
/// is rethrown. `body` must not be a coroutine lambda; it may call a coroutine.
template <std::invocable<Scope&> Body>
Task<> with_scope(Body body) {
  Scope scope{co_await this_executor};
  scope.spawn(detail::call(body, scope));
  co_await scope.join();
}

/// Runs the tasks side by side until all have finished; the first failure stops the rest and is
/// rethrown.
template <std::same_as<Task<>>... Tasks>
Task<> all(Tasks... tasks) {
  Scope scope{co_await this_executor};
  (scope.spawn(std::move(tasks)), ...);
  co_await scope.join();
}

}  // namespace runtime
