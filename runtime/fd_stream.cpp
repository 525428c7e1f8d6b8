#include "runtime/fd_stream.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <asio/buffer.hpp>
#include <utility>

#include "runtime/failure.hpp"

namespace runtime {
namespace {

using Wait = asio::posix::descriptor_base;

struct Outcome {
  std::error_code error;
  std::size_t size_bytes;
};

/// What a system call on an O_NONBLOCK descriptor came to.
Outcome outcome_of(ssize_t result) {
  if (result < 0) return {std::error_code{errno, std::generic_category()}, 0};
  return {{}, static_cast<std::size_t>(result)};
}

bool is_pty_master(int descriptor) {
  unsigned number;
  return ::ioctl(descriptor, TIOCGPTN, &number) == 0;
}

/// The same terminal, opened anew: O_NONBLOCK on it does not concern whoever else has it open.
/// Empty where /proc does not lead to it or we may not open it.
UniqueFd reopen_nonblocking(int descriptor, int flags) {
  const auto link = fmt::format("/proc/self/fd/{}", descriptor);
  return UniqueFd{::open(link.c_str(), (flags & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
}

}  // namespace

// io_uring writes to a terminal in place once it polls as writable, and the line discipline then
// blocks us until it has taken every byte: a Ctrl-S would stop the Loop. Only O_NONBLOCK keeps it
// from doing so. Pipes and sockets know how not to wait by themselves.
DescriptorStream::Side::Side(Executor executor, UniqueFd owned, const std::string& name)
    : is_terminal_{::isatty(owned.get()) == 1}, descriptor_{executor} {
  const int flags = check(::fcntl(owned.get(), F_GETFL), "use '{}'", name);
  if (is_terminal_ && (flags & O_NONBLOCK) == 0) {
    // A pty's master is ours alone; to open it anew would make another pty.
    UniqueFd own = is_pty_master(owned.get()) ? UniqueFd{} : reopen_nonblocking(owned.get(), flags);
    if (own) {
      owned = std::move(own);
    } else {
      check(::fcntl(owned.get(), F_SETFL, flags | O_NONBLOCK), "use '{}'", name);
      flags_to_restore_ = flags;
    }
  }
  is_nonblocking_ = (check(::fcntl(owned.get(), F_GETFL), "use '{}'", name) & O_NONBLOCK) != 0;
  descriptor_.assign(owned.release());
}

DescriptorStream::Side::~Side() {
  if (flags_to_restore_) (void)::fcntl(descriptor_.native_handle(), F_SETFL, *flags_to_restore_);
}

DescriptorStream::DescriptorStream(Executor executor, UniqueFd both_ways, std::string name)
    : name_{std::move(name)}, input_{executor, std::move(both_ways), name_} {}

DescriptorStream::DescriptorStream(Executor executor, UniqueFd input, UniqueFd output,
                                   std::string name)
    : name_{std::move(name)}, input_{executor, std::move(input), name_} {
  separate_output_.emplace(executor, std::move(output), name_);
}

// Asio 1.30 on io_uring forgets that a transfer on an O_NONBLOCK descriptor was cancelled (its
// retry overwrites the error), so for those we wait with Asio and transfer ourselves.

Task<std::size_t> DescriptorStream::read_some(std::span<std::byte> into) {
  if (into.empty()) co_return 0;
  for (;;) {
    throw_if_stopped(co_await cancellation);
    Outcome outcome{};
    if (input_.is_nonblocking()) {
      const auto [error] = co_await input_->async_wait(Wait::wait_read, or_error);
      outcome =
          error ? Outcome{error, 0} : outcome_of(::read(input_handle(), into.data(), into.size()));
    } else {
      const auto [error, size_bytes] =
          co_await input_->async_read_some(asio::buffer(into.data(), into.size()), or_error);
      outcome = {error == asio::error::eof ? std::error_code{} : error, size_bytes};
    }
    if (!outcome.error) co_return outcome.size_bytes;
    // How a terminal says that its other side hung up.
    if (outcome.error == std::errc::io_error && input_.is_terminal()) co_return 0;
    if (!is_transient(outcome.error)) throw_failure(outcome.error, "read from '{}'", name_);
  }
}

Task<> DescriptorStream::write_all(std::span<const std::byte> from) {
  while (!from.empty()) {
    throw_if_stopped(co_await cancellation);
    Outcome outcome{};
    if (output().is_nonblocking()) {
      outcome = outcome_of(::write(output_handle(), from.data(), from.size()));
      if (outcome.error == std::errc::resource_unavailable_try_again) {
        const auto [error] = co_await output()->async_wait(Wait::wait_write, or_error);
        outcome.error = error;
      }
    } else {
      const auto [error, size_bytes] =
          co_await output()->async_write_some(asio::buffer(from.data(), from.size()), or_error);
      outcome = {error, size_bytes};
    }
    if (outcome.error && !is_transient(outcome.error)) {
      throw_failure(outcome.error, "write to '{}'", name_);
    }
    from = from.subspan(outcome.size_bytes);
  }
}

}  // namespace runtime
