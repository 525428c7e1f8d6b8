#include "vmm/serial_streams.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "runtime/error.hpp"
#include "runtime/finally.hpp"
#include "runtime/log.hpp"
#include "runtime/timer.hpp"

namespace vmm {
namespace {

using namespace std::chrono_literals;
using runtime::Task;

/// How long a pty's output may stand still before we take its reader for gone.
constexpr auto reader_patience = 100ms;

runtime::UniqueFd duplicate(int descriptor, const char* name) {
  return runtime::UniqueFd{runtime::check(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0), "use {}", name)};
}

runtime::UniqueFd open_pty() {
  runtime::UniqueFd pty{
      runtime::check(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "make a pty")};
  runtime::check(::grantpt(pty.get()), "grant a pty");
  runtime::check(::unlockpt(pty.get()), "unlock a pty");
  return pty;
}

std::string other_side_of(int pty) {
  std::array<char, 64> name{};
  if (::ptsname_r(pty, name.data(), name.size()) != 0)
    throw runtime::HostError{errno, "name a pty"};
  return name.data();
}

/// A terminal that echoes would send the guest its own output back until somebody opens it.
runtime::UniqueFd open_raw(const std::string& path) {
  runtime::UniqueFd side{
      runtime::check(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC), "open '{}'", path)};
  termios settings{};
  runtime::check(::tcgetattr(side.get(), &settings), "read the settings of '{}'", path);
  ::cfmakeraw(&settings);
  runtime::check(::tcsetattr(side.get(), TCSANOW, &settings), "set '{}' to raw", path);
  return side;
}

bool has_room(int descriptor) {
  pollfd poll{.fd = descriptor, .events = POLLOUT, .revents = 0};
  return ::poll(&poll, 1, 0) == 1 && (poll.revents & POLLOUT) != 0;
}

/// For streams that nothing ever comes from.
Task<std::size_t> end_of_input() {
  co_return 0;
}

}  // namespace

ConsoleStream::ConsoleStream(runtime::Executor executor, runtime::LocalEvent& quit)
    : quit_{quit},
      input_{executor},
      stream_{executor, duplicate(STDIN_FILENO, "standard input"),
              duplicate(STDOUT_FILENO, "standard output"), "the console"} {
  if (platform::host::is_terminal(STDIN_FILENO)) raw_.emplace(STDIN_FILENO);
}

Task<> ConsoleStream::run() {
  try {
    co_await read_until_end();
  } catch (const runtime::HostError& error) {
    runtime::log::warning("no more input: {}", error.what());
  }
  input_.end();
}

Task<> ConsoleStream::read_until_end() {
  std::array<std::byte, 256> chunk;
  for (;;) {
    const std::size_t size = co_await stream_.read_some(chunk);
    if (size == 0) co_return;
    const auto keys = std::span{chunk}.first(size);
    if (raw_) {
      typed(keys);
    } else {
      co_await input_.add(keys);
    }
  }
}

void ConsoleStream::typed(std::span<std::byte> keys) {
  const EscapeFilter::Typed typed = escapes_.filter(keys);
  input_.add_or_drop(keys.first(typed.size_bytes));
  if (typed.quit) quit_.notify();
}

Task<std::size_t> ConsoleStream::read_some(std::span<std::byte> into) {
  return input_.take(into);
}

Task<> ConsoleStream::write_all(std::span<const std::byte> from) {
  return stream_.write_all(from);
}

OutputStream::OutputStream(runtime::Executor executor, runtime::UniqueFd output, std::string name)
    : stream_{executor, std::move(output), std::move(name)} {}

Task<std::size_t> OutputStream::read_some(std::span<std::byte>) {
  return end_of_input();
}

Task<> OutputStream::write_all(std::span<const std::byte> from) {
  return stream_.write_all(from);
}

PtyStream::PtyStream(runtime::Executor executor) : PtyStream{executor, open_pty()} {}

PtyStream::PtyStream(runtime::Executor executor, runtime::UniqueFd controller)
    : path_{other_side_of(controller.get())},
      handle_{duplicate(controller.get(), "a pty")},
      other_side_{open_raw(path_)},
      stream_{executor, std::move(controller), path_} {}

Task<std::size_t> PtyStream::read_some(std::span<std::byte> into) {
  return stream_.read_some(into);
}

Task<> PtyStream::write_all(std::span<const std::byte> from) {
  if (!has_reader_ && !has_room(handle_.get())) co_return;
  has_reader_ = co_await runtime::with_deadline(reader_patience, stream_.write_all(from));
}

SocketStream::Client::Client(runtime::Executor executor, runtime::UniqueFd socket,
                             const std::string& path)
    : handle{duplicate(socket.get(), "a socket")}, stream{executor, std::move(socket), path} {}

SocketStream::SocketStream(runtime::Executor executor, const std::string& path)
    : executor_{executor}, listener_{executor, path}, input_{executor}, written_{executor} {}

Task<> SocketStream::run() {
  runtime::log::RateLimit limit;
  for (;;) {
    try {
      co_await serve();
      continue;
    } catch (const runtime::HostError& error) {
      // Out of descriptors, say: the guest's trouble it is not.
      runtime::log::guest(limit, "'{}': {}", listener_.path(), error.what());
    }
    co_await runtime::sleep_for(reader_patience);
  }
}

Task<> SocketStream::serve() {
  client_ = std::make_unique<Client>(executor_, co_await listener_.accept(), listener_.path());
  client_left_ = false;
  co_await read_client();
  client_left_ = true;
  while (client_->writing) co_await written_.wait();
  client_.reset();
}

Task<> SocketStream::read_client() {
  std::array<std::byte, 256> chunk;
  for (;;) {
    std::size_t size = 0;
    try {
      size = co_await client_->stream.read_some(chunk);
    } catch (const runtime::HostError&) {
      // A client that was reset has left as much as one that hung up.
    }
    if (size == 0) co_return;
    co_await input_.add(std::span{chunk}.first(size));
  }
}

Task<std::size_t> SocketStream::read_some(std::span<std::byte> into) {
  return input_.take(into);
}

Task<> SocketStream::write_all(std::span<const std::byte> from) {
  if (!client_ || client_left_) co_return;
  Client& client = *client_;
  client.writing = true;
  const runtime::Finally done{[&] {
    client.writing = false;
    written_.notify();
  }};
  try {
    co_await client.stream.write_all(from);
  } catch (const runtime::HostError&) {
    ::shutdown(client.handle.get(), SHUT_RDWR);  // ends the read: serve() then sees it out
  }
}

}  // namespace vmm
