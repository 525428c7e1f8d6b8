#include "runtime/datagrams.hpp"

#include <fcntl.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/failure.hpp"

namespace runtime {
namespace {

using Wait = asio::posix::descriptor_base;

/// As many buffers as the kernel takes at once (UIO_MAXIOV). Not initialised: only what is used
/// costs anything.
using Vectors = std::array<iovec, 1024>;

template <typename Byte>
int fill(Vectors& vectors, std::span<const std::span<Byte>> buffers) {
  const std::size_t count = std::min(buffers.size(), vectors.size());
  for (std::size_t i = 0; i < count; ++i) {
    // Only readv writes there, and that gets bytes which are not const.
    void* const start = const_cast<std::byte*>(static_cast<const std::byte*>(buffers[i].data()));
    vectors[i] = {.iov_base = start, .iov_len = buffers[i].size()};
  }
  return static_cast<int>(count);
}

int set_nonblocking(int descriptor, const std::string& name) {
  const int flags = check(::fcntl(descriptor, F_GETFL), "use '{}'", name);
  check(::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK), "use '{}'", name);
  return descriptor;
}

}  // namespace

Datagrams::Datagrams(Executor executor, UniqueFd descriptor, std::string name)
    : name_{std::move(name)}, descriptor_{executor} {
  set_nonblocking(descriptor.get(), name_);
  descriptor_.assign(descriptor.release());
}

std::optional<std::size_t> Datagrams::receive(std::span<const std::span<std::byte>> into) {
  Vectors vectors;
  const int count = fill(vectors, into);
  const ssize_t size =
      retry_interrupted([&] { return ::readv(native_handle(), vectors.data(), count); });
  if (size < 0 && errno == EAGAIN) return std::nullopt;
  return static_cast<std::size_t>(check(size, "receive from '{}'", name_));
}

bool Datagrams::send(std::span<const std::span<const std::byte>> message) {
  Vectors vectors;
  const int count = fill(vectors, message);
  const ssize_t size =
      retry_interrupted([&] { return ::writev(native_handle(), vectors.data(), count); });
  if (size < 0 && errno == EAGAIN) return false;
  check(size, "send to '{}'", name_);
  return true;
}

Task<> Datagrams::receivable() {
  throw_if_stopped(co_await cancellation);
  const auto [error] = co_await descriptor_.async_wait(Wait::wait_read, or_error);
  if (error && !is_transient(error)) throw_failure(error, "wait for '{}'", name_);
}

Task<> Datagrams::sendable() {
  throw_if_stopped(co_await cancellation);
  const auto [error] = co_await descriptor_.async_wait(Wait::wait_write, or_error);
  if (error && !is_transient(error)) throw_failure(error, "wait for '{}'", name_);
}

}  // namespace runtime
