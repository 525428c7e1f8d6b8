#include "runtime/loop.hpp"

#include <signal.h>

#include <asio/co_spawn.hpp>
#include <exception>

namespace runtime {

// The hint says that one thread runs the Loop; post() from others stays safe.
Loop::Loop() : context_{1} {
  ::signal(SIGPIPE, SIG_IGN);
}

void Loop::run(Task<> root) {
  std::exception_ptr failure;
  asio::co_spawn(context_, detail::enter(std::move(root)),
                 [&failure](std::exception_ptr result) { failure = std::move(result); });
  context_.restart();
  // Returns when nothing is left to do: the root has ended, and it has joined all it started.
  context_.run();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace runtime
