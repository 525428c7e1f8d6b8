// HostError, the one exception for what the host refuses us, and check() for system calls.
//
// A guest's mistake is never a HostError. The message is what we were doing, so that it reads
// "open disk image 'a.raw': No such file or directory".
#pragma once

#include <fmt/core.h>

#include <cerrno>
#include <concepts>
#include <system_error>
#include <utility>

namespace runtime {

class HostError final : public std::system_error {
 public:
  /// `error_number` is an errno; `doing` says what we were doing, in the infinitive.
  template <typename... Args>
  HostError(int error_number, fmt::format_string<Args...> doing, Args&&... args)
      : std::system_error{error_number, std::generic_category(),
                          fmt::format(doing, std::forward<Args>(args)...)} {}

  [[nodiscard]] int error_number() const noexcept { return code().value(); }
};

/// Returns a system call's result, or throws HostError{errno} if it is negative.
/// Does not retry: pass calls that may see EINTR through retry_interrupted first.
template <std::signed_integral Result, typename... Args>
Result check(Result result, fmt::format_string<Args...> doing, Args&&... args) {
  if (result < 0) throw HostError{errno, doing, std::forward<Args>(args)...};
  return result;
}

/// Repeats `call` while a signal interrupts it.
template <std::invocable Call>
auto retry_interrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

}  // namespace runtime
