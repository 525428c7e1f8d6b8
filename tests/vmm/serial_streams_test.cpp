#include "vmm/serial_streams.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstring>
#include <string>

#include "runtime/loop.hpp"
#include "runtime/scope.hpp"
#include "runtime/timer.hpp"

using namespace std::chrono_literals;
using runtime::Task;
using vmm::PtyStream;
using vmm::SocketStream;

namespace {

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span{text});
}

runtime::UniqueFd connect_to(const std::string& path) {
  runtime::UniqueFd client{::socket(AF_UNIX, SOCK_STREAM, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
          0);
  return client;
}

void send(const runtime::UniqueFd& to, std::string_view text) {
  REQUIRE(::write(to.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

std::string take(const runtime::UniqueFd& from, std::size_t size) {
  std::string text(size, '\0');
  REQUIRE(::read(from.get(), text.data(), size) == static_cast<ssize_t>(size));
  return text;
}

Task<std::string> read_text(runtime::ByteStream& stream) {
  std::array<std::byte, 64> buffer;
  const std::size_t size = co_await stream.read_some(buffer);
  co_return std::string{reinterpret_cast<const char*>(buffer.data()), size};
}

/// Runs `body` beside the socket's own task, and stops both when it is done.
template <typename Body>
void with_socket(Body body) {
  const std::string path = "/tmp/mayfly-serial-test." + std::to_string(::getpid());
  runtime::Loop loop;
  SocketStream stream{loop.executor(), path};
  const auto both = [&](runtime::Scope& scope) {
    scope.spawn(stream.run());
    scope.spawn(body(stream, path, scope));
  };
  loop.run(runtime::with_scope(both));
}

Task<> talk_to_two_clients(SocketStream& stream, const std::string& path, runtime::Scope& scope) {
  co_await stream.write_all(bytes("nobody hears this"));
  {
    const runtime::UniqueFd first = connect_to(path);
    send(first, "one");
    {
      const std::string text = co_await read_text(stream);
      CHECK(text == "one");
    }
    co_await stream.write_all(bytes("to one"));
    CHECK(take(first, 6) == "to one");
  }
  const runtime::UniqueFd second = connect_to(path);
  send(second, "two");
  {
    const std::string text = co_await read_text(stream);
    CHECK(text == "two");
  }
  co_await stream.write_all(bytes("to two"));
  CHECK(take(second, 6) == "to two");
  scope.request_stop();
}

Task<> write_to_one_who_left(SocketStream& stream, const std::string& path, runtime::Scope& scope) {
  {
    const runtime::UniqueFd first = connect_to(path);
    send(first, "x");
    {
      const std::string text = co_await read_text(stream);
      CHECK(text == "x");
    }
  }
  for (int i = 0; i < 3; ++i) co_await stream.write_all(bytes("gone"));
  const runtime::UniqueFd second = connect_to(path);
  send(second, "y");
  {
    const std::string text = co_await read_text(stream);
    CHECK(text == "y");
  }
  scope.request_stop();
}

}  // namespace

TEST_CASE("serial socket: one client after another, output without one is dropped",
          "[vmm][serial]") {
  with_socket(talk_to_two_clients);
}

TEST_CASE("serial socket: writing to a client that left neither fails nor sticks",
          "[vmm][serial]") {
  with_socket(write_to_one_who_left);
}

namespace {

/// All that is there now.
void read_all(const runtime::UniqueFd& from, std::string& text) {
  std::array<char, 65536> buffer;
  for (ssize_t size = 0; (size = ::read(from.get(), buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

Task<> fill_then_read(PtyStream& pty) {
  // Far more than a pty holds: without a reader the rest is dropped, and soon at once.
  const std::string line(4096, 'x');
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 64; ++i) co_await pty.write_all(bytes(line));
  CHECK(std::chrono::steady_clock::now() - start < 5s);

  const runtime::UniqueFd reader{::open(pty.path().c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK)};
  REQUIRE(reader);
  // The kernel carries bytes from side to side in its own time: room comes some time after a read.
  std::string text;
  for (int attempt = 0; attempt < 1000 && !text.ends_with("back"); ++attempt) {
    read_all(reader, text);
    co_await pty.write_all(bytes("back"));
    co_await runtime::sleep_for(1ms);
    read_all(reader, text);
  }
  CHECK(text.ends_with("back"));

  REQUIRE(::write(reader.get(), "typed", 5) == 5);
  {
    const std::string typed = co_await read_text(pty);
    CHECK(typed == "typed");
  }
}

}  // namespace

TEST_CASE("serial pty: no reader costs output, never the guest; a reader gets the rest",
          "[vmm][serial]") {
  runtime::Loop loop;
  PtyStream pty{loop.executor()};
  loop.run(fill_then_read(pty));
}
