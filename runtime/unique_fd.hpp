// UniqueFd: owns one file descriptor and closes it.
#pragma once

#include <unistd.h>

#include <utility>

namespace runtime {

class UniqueFd {
 public:
  UniqueFd() = default;
  /// Takes ownership; -1 means none.
  explicit UniqueFd(int descriptor) noexcept : descriptor_{descriptor} {}
  UniqueFd(UniqueFd&& other) noexcept : descriptor_{other.release()} {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    UniqueFd old{std::exchange(descriptor_, other.release())};
    return *this;
  }
  // Linux releases the descriptor even when close() reports an error, so there is nothing to retry.
  ~UniqueFd() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] explicit operator bool() const noexcept { return descriptor_ >= 0; }
  /// Gives ownership away.
  [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }
  void reset() noexcept { *this = UniqueFd{}; }

 private:
  int descriptor_ = -1;
};

}  // namespace runtime
