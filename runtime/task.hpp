// Task<T>: a coroutine that may wait for I/O, timers and other tasks, run by one Loop.
//
// Task is Asio's awaitable and Executor names the Loop that runs it. It is io_context's own
// executor, not the type-erased any_io_executor: two words, nothing virtual, no allocation, and
// a Loop is the only thing we ever run on. Other layers use the names below and no Asio.
//
// A Task starts when it is awaited or given to a Scope, never by itself. Destroying one that was
// not started is fine.
#pragma once

#include <asio/as_tuple.hpp>
#include <asio/awaitable.hpp>
#include <asio/deferred.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>
#include <system_error>

namespace runtime {

using Executor = asio::io_context::executor_type;

template <typename T = void>
using Task = asio::awaitable<T, Executor>;

/// `co_await this_executor`: the Executor the current task runs on.
inline constexpr asio::this_coro::executor_t this_executor;

/// Completion tokens, for runtime/ alone: `or_throw` throws Asio's error, which only suits
/// operations that can fail in no way but being stopped; `or_error` returns a tuple that starts
/// with the error, to be told apart and made a HostError with what we were doing.
inline constexpr asio::deferred_t or_throw;
inline constexpr asio::as_tuple_t<asio::deferred_t> or_error{asio::deferred};

/// Whether an error says that the task was asked to stop, which is not a failure.
[[nodiscard]] inline bool is_stop(const std::error_code& error) noexcept {
  return error == asio::error::operation_aborted;
}

/// What a stopped task unwinds with. Only a Scope catches it.
[[nodiscard]] inline std::system_error stopped() {
  return std::system_error{asio::error::operation_aborted};
}

/// The first line of every wait in runtime/: `throw_if_stopped(co_await cancellation)`. We make
/// the check there ourselves; Asio's would be at every `co_await` of a Task, so that one could
/// not even call a function that joins what it started.
inline constexpr asio::this_coro::cancellation_state_t cancellation;
inline void throw_if_stopped(const asio::cancellation_state& state) {
  if (state.cancelled() != asio::cancellation_type::none) throw stopped();
}

namespace detail {

/// A task on its own, as Scope and Loop start it: with Asio's check turned off.
Task<> enter(Task<> task);

}  // namespace detail

}  // namespace runtime
