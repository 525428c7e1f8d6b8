#include "runtime/listener.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "runtime/error.hpp"
#include "runtime/scope.hpp"
#include "tests/runtime/temporary_directory.hpp"
#include "tests/support/test_loop.hpp"

namespace {

namespace fs = std::filesystem;
using runtime::HostError;
using runtime::Listener;
using runtime::Scope;
using runtime::Task;
using runtime::UniqueFd;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  return address;
}

UniqueFd make_socket() {
  return UniqueFd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
}

UniqueFd connect_to(const std::string& path) {
  UniqueFd client = make_socket();
  const auto address = address_of(path);
  REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
          0);
  return client;
}

/// What a process that was killed leaves behind.
void leave_stale_socket(const std::string& path) {
  const UniqueFd dead = make_socket();
  const auto address = address_of(path);
  REQUIRE(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
}

int error_of(TestLoop& loop, const std::string& path) {
  try {
    const Listener listener{loop.executor(), path};
  } catch (const HostError& error) {
    return error.error_number();
  }
  return 0;
}

Task<> accept_and_drop(Listener& listener) {
  (void)co_await listener.accept();
}

}  // namespace

TEST_CASE("a listener accepts one client after another", "[runtime][listener]") {
  TestLoop loop;
  const TemporaryDirectory directory;
  Listener listener{loop.executor(), directory.file("socket")};
  for (const char letter : {'a', 'b'}) {
    const UniqueFd client = connect_to(listener.path());
    const UniqueFd server = loop.run(listener.accept());
    REQUIRE(::write(client.get(), &letter, 1) == 1);
    char received = 0;
    REQUIRE(::read(server.get(), &received, 1) == 1);
    CHECK(received == letter);
  }
}

TEST_CASE("a listener that waits can be stopped and used again", "[runtime][listener]") {
  TestLoop loop;
  const TemporaryDirectory directory;
  Listener listener{loop.executor(), directory.file("socket")};
  loop.run(runtime::with_scope([&](Scope& scope) {
    scope.spawn(accept_and_drop(listener));
    scope.request_stop();
  }));
  const UniqueFd client = connect_to(listener.path());
  CHECK(loop.run(listener.accept()));
}

TEST_CASE("a listener removes its socket", "[runtime][listener]") {
  TestLoop loop;
  const TemporaryDirectory directory;
  const auto path = directory.file("socket");
  {
    const Listener listener{loop.executor(), path};
    CHECK(fs::is_socket(path));
  }
  CHECK_FALSE(fs::exists(path));
}

TEST_CASE("a listener leaves alone what took its place", "[runtime][listener]") {
  TestLoop loop;
  const TemporaryDirectory directory;
  const auto path = directory.file("socket");
  {
    const Listener listener{loop.executor(), path};
    fs::rename(path, directory.file("moved"));
    leave_stale_socket(path);
  }
  CHECK(fs::is_socket(path));
}

TEST_CASE("a stale socket is replaced", "[runtime][listener]") {
  TestLoop loop;
  const TemporaryDirectory directory;
  const auto path = directory.file("socket");
  leave_stale_socket(path);
  Listener listener{loop.executor(), path};
  const UniqueFd client = connect_to(path);
  CHECK(loop.run(listener.accept()));
}

TEST_CASE("a socket in use is refused and goes on working", "[runtime][listener]") {
  TestLoop loop;
  const TemporaryDirectory directory;
  const auto path = directory.file("socket");
  Listener first{loop.executor(), path};
  CHECK(error_of(loop, path) == EADDRINUSE);
  loop.run(accept_and_drop(first));  // the second one's question whether we live
  const UniqueFd client = connect_to(path);
  CHECK(loop.run(first.accept()));
}

TEST_CASE("anything but a socket is refused and kept", "[runtime][listener]") {
  TestLoop loop;
  const TemporaryDirectory directory;
  const auto path = directory.file("file");
  std::ofstream{path} << "precious";
  CHECK(error_of(loop, path) == EEXIST);
  CHECK(fs::file_size(path) == 8);
  fs::create_symlink(path, directory.file("link"));
  CHECK(error_of(loop, directory.file("link")) == EEXIST);
  fs::create_directory(directory.file("directory"));
  CHECK(error_of(loop, directory.file("directory")) == EEXIST);
}

TEST_CASE("impossible paths are host errors", "[runtime][listener]") {
  TestLoop loop;
  const TemporaryDirectory directory;
  CHECK(error_of(loop, "") == EINVAL);
  CHECK(error_of(loop, directory.file(std::string(200, 'x'))) == ENAMETOOLONG);
  CHECK(error_of(loop, directory.file("missing/socket")) == ENOENT);
}
