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
      stream_{executor, duplicate(STDIN_FILENO, "standard input"),
              duplicate(STDOUT_FILENO, "standard output"), "the console"} {
  if (platform::host::is_terminal(STDIN_FILENO)) raw_.emplace(STDIN_FILENO);
}

Task<std::size_t> ConsoleStream::read_some(std::span<std::byte> into) {
  for (;;) {
    const std::size_t size = co_await stream_.read_some(into);
    if (size == 0 || !raw_) co_return size;
    const EscapeFilter::Typed typed = escapes_.filter(into.first(size));
    if (typed.quit) quit_.notify();
    if (typed.size_bytes != 0) co_return typed.size_bytes;
  }
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
    : executor_{executor}, listener_{executor, path}, came_{executor}, left_{executor} {}

Task<> SocketStream::run() {
  for (;;) {
    client_ = std::make_unique<Client>(executor_, co_await listener_.accept(), listener_.path());
    came_.notify();
    while (!client_->left || client_->reading || client_->writing) co_await left_.wait();
    client_.reset();
  }
}

Task<std::size_t> SocketStream::read_some(std::span<std::byte> into) {
  for (;;) {
    while (!client_ || client_->left) co_await came_.wait();
    if (const std::size_t size = co_await read_client(into)) co_return size;
  }
}

Task<std::size_t> SocketStream::read_client(std::span<std::byte> into) {
  Client& client = *client_;
  client.reading = true;
  const runtime::Finally done{[&] {
    client.reading = false;
    left_.notify();
  }};
  try {
    if (const std::size_t size = co_await client.stream.read_some(into)) co_return size;
  } catch (const runtime::HostError&) {
    // A client that was reset has left as much as one that hung up.
  }
  client.left = true;
  co_return 0;
}

Task<> SocketStream::write_all(std::span<const std::byte> from) {
  if (!client_ || client_->left) co_return;
  Client& client = *client_;
  client.writing = true;
  const runtime::Finally done{[&] {
    client.writing = false;
    left_.notify();
  }};
  try {
    co_await client.stream.write_all(from);
  } catch (const runtime::HostError&) {
    client.left = true;
    ::shutdown(client.handle.get(), SHUT_RDWR);  // ends a read that still waits
  }
}

}  // namespace vmm
