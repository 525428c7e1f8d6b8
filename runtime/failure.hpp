// Turning an error of an asynchronous operation into the right exception; for runtime/ alone.
#pragma once

#include <system_error>
#include <utility>

#include "runtime/error.hpp"
#include "runtime/task.hpp"

namespace runtime {

/// Throws the stop itself if `error` is one, and otherwise a HostError about what we were doing.
template <typename... Args>
[[noreturn]] void throw_failure(const std::error_code& error, fmt::format_string<Args...> doing,
                                Args&&... args) {
  if (is_stop(error)) throw stopped();
  throw HostError{error.value(), doing, std::forward<Args>(args)...};
}

/// Whether an operation is simply to be tried again.
[[nodiscard]] inline bool is_transient(const std::error_code& error) noexcept {
  return error == std::errc::interrupted || error == std::errc::resource_unavailable_try_again;
}

}  // namespace runtime
