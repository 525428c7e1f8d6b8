// Finally: runs a piece of code on every way out of a block.
#pragma once

#include <utility>

namespace runtime {

template <typename Action>
class [[nodiscard]] Finally {
 public:
  /// `action` must not throw: it may run while an exception unwinds.
  explicit Finally(Action action) : action_{std::move(action)} {}
  Finally(const Finally&) = delete;
  Finally& operator=(const Finally&) = delete;
  ~Finally() { action_(); }

 private:
  Action action_;
};

}  // namespace runtime
