// Guarded<State>: state that several threads touch, reachable only while it is locked.
//
// Threads: any; `with` holds the lock for one plain call, so no lock can span a co_await.
#pragma once

#include <functional>
#include <mutex>
#include <type_traits>
#include <utility>

namespace runtime {

template <typename State>
class Guarded {
 public:
  template <typename... Args>
  requires std::is_constructible_v<State, Args...>
  explicit Guarded(Args&&... args) : state_(std::forward<Args>(args)...) {}

  /// Runs `use(state)` under the lock and returns its result by value: no reference into the
  /// state escapes. `use` must not wait for anything, and must not be a coroutine.
  // Not constrained to what can be called with a State: asking that of a generic lambda would
  // compile its body for the overload that is not meant.
  template <typename Use>
  auto with(Use&& use) {
    const std::lock_guard lock{mutex_};
    return std::invoke(std::forward<Use>(use), state_);
  }
  template <typename Use>
  auto with(Use&& use) const {
    const std::lock_guard lock{mutex_};
    return std::invoke(std::forward<Use>(use), state_);
  }

 private:
  mutable std::mutex mutex_;
  State state_;
};

}  // namespace runtime
