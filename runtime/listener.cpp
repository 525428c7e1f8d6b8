#include "runtime/listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "runtime/failure.hpp"

namespace runtime {
namespace {

constexpr int backlog_clients = 8;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty()) throw HostError{EINVAL, "listen on a socket without a path"};
  if (path.size() >= sizeof(address.sun_path))
    throw HostError{ENAMETOOLONG, "listen on '{}'", path};
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

UniqueFd open_socket(const std::string& path) {
  return UniqueFd{check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                        "open a socket for '{}'", path)};
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

/// Whether anybody answers at that socket file. In doubt, yes.
bool is_live(const std::string& path, const sockaddr_un& address) {
  const UniqueFd probe = open_socket(path);
  return ::connect(probe.get(), generic(address), sizeof(address)) == 0 || errno != ECONNREFUSED;
}

/// Removes a socket file that nobody listens on; refuses to touch anything else.
void make_room(const std::string& path, const sockaddr_un& address) {
  struct stat status;
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return;
    throw HostError{errno, "listen on '{}'", path};
  }
  if (!S_ISSOCK(status.st_mode)) {
    throw HostError{EEXIST, "listen on '{}', which is not a socket", path};
  }
  if (is_live(path, address)) {
    throw HostError{EADDRINUSE, "listen on '{}', where somebody listens already", path};
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    throw HostError{errno, "replace the stale socket '{}'", path};
  }
}

int bind_and_listen(const std::string& path) {
  const sockaddr_un address = address_of(path);
  UniqueFd socket = open_socket(path);
  make_room(path, address);
  check(::bind(socket.get(), generic(address), sizeof(address)), "listen on '{}'", path);
  check(::listen(socket.get(), backlog_clients), "listen on '{}'", path);
  return socket.release();
}

}  // namespace

Listener::Listener(Executor executor, std::string path)
    : path_{std::move(path)},
      socket_{executor, bind_and_listen(path_)},
      identity_{identify(path_)} {}

Listener::~Listener() {
  if (identity_ != FileIdentity{} && identify(path_) == identity_) ::unlink(path_.c_str());
}

Listener::FileIdentity Listener::identify(const std::string& path) noexcept {
  struct stat status;
  if (::lstat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

Task<UniqueFd> Listener::accept() {
  for (;;) {
    throw_if_stopped(co_await cancellation);
    const auto [error] = co_await socket_.async_wait(decltype(socket_)::wait_read, or_error);
    if (error && !is_transient(error)) throw_failure(error, "wait for a client on '{}'", path_);
    UniqueFd client{::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (client) co_return client;
    // The client may have gone again before we answered.
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      throw HostError{errno, "accept a client on '{}'", path_};
    }
  }
}

}  // namespace runtime
