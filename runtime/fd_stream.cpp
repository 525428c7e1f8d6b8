#include "runtime/fd_stream.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <asio/buffer.hpp>
#include <utility>

#include "runtime/failure.hpp"

namespace runtime {
namespace {

using Descriptor = asio::posix::basic_stream_descriptor<Executor>;

Descriptor adopt(Executor executor, UniqueFd owned, const std::string& name) {
  const int flags = check(::fcntl(owned.get(), F_GETFL), "use '{}'", name);
  Descriptor descriptor{executor, owned.release()};
  // Tells Asio to poll first instead of finding out by EAGAIN each time.
  if ((flags & O_NONBLOCK) != 0) descriptor.native_non_blocking(true);
  return descriptor;
}

}  // namespace

DescriptorStream::DescriptorStream(Executor executor, UniqueFd both_ways, std::string name)
    : name_{std::move(name)}, input_{adopt(executor, std::move(both_ways), name_)} {}

DescriptorStream::DescriptorStream(Executor executor, UniqueFd input, UniqueFd output,
                                   std::string name)
    : name_{std::move(name)},
      input_{adopt(executor, std::move(input), name_)},
      output_{adopt(executor, std::move(output), name_)} {}

Task<std::size_t> DescriptorStream::read_some(std::span<std::byte> into) {
  if (into.empty()) co_return 0;
  for (;;) {
    throw_if_stopped(co_await cancellation);
    const auto [error, size_bytes] =
        co_await input_.async_read_some(asio::buffer(into.data(), into.size()), or_error);
    if (!error) co_return size_bytes;
    if (error == asio::error::eof) co_return 0;
    // How a terminal says that its other side hung up.
    if (error == std::errc::io_error && ::isatty(input_.native_handle()) == 1) co_return 0;
    if (!is_transient(error)) throw_failure(error, "read from '{}'", name_);
  }
}

Task<> DescriptorStream::write_all(std::span<const std::byte> from) {
  while (!from.empty()) {
    throw_if_stopped(co_await cancellation);
    const auto [error, size_bytes] =
        co_await output().async_write_some(asio::buffer(from.data(), from.size()), or_error);
    if (error && !is_transient(error)) throw_failure(error, "write to '{}'", name_);
    from = from.subspan(size_bytes);
  }
}

}  // namespace runtime
