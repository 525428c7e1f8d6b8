#include "runtime/file_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <string>

#include "runtime/failure.hpp"

namespace runtime {

FileWatch::FileWatch(Executor executor, int file)
    : inotify_{executor,
               check(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "create an inotify instance")} {
  const std::string name = "/proc/self/fd/" + std::to_string(file);
  check(::inotify_add_watch(inotify_.native_handle(), name.c_str(), IN_MODIFY), "watch a file");
}

Task<> FileWatch::changed() {
  throw_if_stopped(co_await cancellation);
  const auto [error] = co_await inotify_.async_wait(decltype(inotify_)::wait_read, or_error);
  if (error && !is_transient(error)) throw_failure(error, "wait for a file to change");
  // What they say in detail does not matter.
  std::array<std::byte, 4096> events;
  while (::read(inotify_.native_handle(), events.data(), events.size()) > 0) {
  }
}

}  // namespace runtime
