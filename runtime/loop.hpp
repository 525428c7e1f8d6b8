// Loop: an event loop on io_uring, run by the thread that calls run().
//
// Threads: one thread runs a Loop; post() may be called from any. A Loop makes no thread.
#pragma once

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <concepts>
#include <utility>

#include "runtime/task.hpp"

namespace runtime {

class Loop {
 public:
  /// Cheap: the rings are made when the first Event, stream or File is. Sets SIGPIPE to ignored
  /// for the process: a reader that went away is an error of the write, not a signal.
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] Executor executor() noexcept { return context_.get_executor(); }

  /// Runs a root task, and all it starts, to its end on the calling thread; rethrows its failure.
  /// May be called again. Throws HostError if the host has no io_uring.
  void run(Task<> root);

  /// Runs `work` on the Loop's thread, soon; if nobody runs the Loop, at the next run().
  /// `work` must not throw. Threads: any.
  template <std::invocable Work>
  void post(Work work) {
    asio::post(context_, [work = std::move(work)]() mutable noexcept { work(); });
  }

 private:
  asio::io_context context_;
};

}  // namespace runtime
