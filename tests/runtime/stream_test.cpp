#include <fcntl.h>
#include <pty.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>
#include <thread>

#include "runtime/error.hpp"
#include "runtime/fd_stream.hpp"
#include "runtime/scope.hpp"
#include "tests/support/test_loop.hpp"

namespace {

using runtime::ByteStream;
using runtime::DescriptorStream;
using runtime::HostError;
using runtime::Scope;
using runtime::Task;
using runtime::UniqueFd;

struct Ends {
  UniqueFd read;
  UniqueFd write;
};

Ends make_pipe(int flags = 0) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC | flags) == 0);
  return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

Ends make_socket_pair() {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  const int small = 4096;  // so that a large write is taken in many pieces
  REQUIRE(::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)) == 0);
  REQUIRE(::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)) == 0);
  return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

Ends make_raw_pty() {
  int outer = -1;
  int inner = -1;
  termios settings{};
  ::cfmakeraw(&settings);
  REQUIRE(::openpty(&outer, &inner, nullptr, &settings, nullptr) == 0);
  return {UniqueFd{outer}, UniqueFd{inner}};
}

std::string pattern(std::size_t size_bytes) {
  std::string text(size_bytes, '\0');
  for (std::size_t i = 0; i < size_bytes; ++i) text[i] = static_cast<char>('!' + i % 89);
  return text;
}

Task<> send(ByteStream& stream, const std::string& text) {
  co_await stream.write_all(std::as_bytes(std::span{text}));
}

/// Reads until that many bytes have come or the stream ends.
Task<> receive(ByteStream& stream, std::size_t size_bytes, std::string& received) {
  std::array<std::byte, 1000> chunk;
  while (received.size() < size_bytes) {
    const auto size = co_await stream.read_some(chunk);
    if (size == 0) co_return;
    received.append(reinterpret_cast<const char*>(chunk.data()), size);
  }
}

Task<std::size_t> read_once(ByteStream& stream) {
  std::array<std::byte, 16> chunk;
  co_return co_await stream.read_some(chunk);
}

Task<> read_and_drop(ByteStream& stream) {
  (void)co_await read_once(stream);
}

Task<> stop_after(Scope& scope, int turns) {
  for (int turn = 0; turn < turns; ++turn) co_await runtime::sleep_for({});
  scope.request_stop();
}

int error_of(TestLoop& loop, Task<> task) {
  try {
    loop.run(std::move(task));
  } catch (const HostError& error) {
    return error.error_number();
  }
  return 0;
}

}  // namespace

TEST_CASE("a stream carries more than its pipe or socket holds", "[runtime][stream]") {
  TestLoop loop;
  const bool blocking = GENERATE(true, false);
  Ends ends = blocking ? make_pipe() : make_pipe(O_NONBLOCK);
  SECTION("pipe") {}
  SECTION("socket") {
    ends = make_socket_pair();
  }
  SECTION("pty") {
    ends = make_raw_pty();
  }
  DescriptorStream reader{loop.executor(), std::move(ends.read), "reader"};
  DescriptorStream writer{loop.executor(), std::move(ends.write), "writer"};
  const std::string text = pattern(300'000);
  std::string received;
  loop.run(runtime::all(send(writer, text), receive(reader, text.size(), received)));
  CHECK(received == text);
}

TEST_CASE("a stream reads and writes at the same time", "[runtime][stream]") {
  TestLoop loop;
  Ends ends = make_socket_pair();
  DescriptorStream left{loop.executor(), std::move(ends.read), "left"};
  DescriptorStream right{loop.executor(), std::move(ends.write), "right"};
  const std::string text = pattern(100'000);
  std::string to_left;
  std::string to_right;
  loop.run(runtime::all(receive(left, text.size(), to_left), receive(right, text.size(), to_right),
                        send(left, text), send(right, text)));
  CHECK(to_left == text);
  CHECK(to_right == text);
}

TEST_CASE("a stream may have one descriptor for each direction", "[runtime][stream]") {
  TestLoop loop;
  Ends in = make_pipe();
  Ends out = make_pipe();
  DescriptorStream stream{loop.executor(), std::move(in.read), std::move(out.write), "both"};
  REQUIRE(::write(in.write.get(), "in", 2) == 2);
  std::string received;
  loop.run(runtime::all(receive(stream, 2, received), send(stream, "out")));
  CHECK(received == "in");
  std::array<char, 3> sent{};
  REQUIRE(::read(out.read.get(), sent.data(), sent.size()) == 3);
  CHECK(std::string{sent.data(), sent.size()} == "out");
}

TEST_CASE("a stream whose other side closed is at its end", "[runtime][stream]") {
  TestLoop loop;
  Ends ends = make_pipe();
  SECTION("pipe") {}
  SECTION("non-blocking pipe") {
    ends = make_pipe(O_NONBLOCK);
  }
  SECTION("socket") {
    ends = make_socket_pair();
  }
  SECTION("pty") {
    ends = make_raw_pty();
  }
  DescriptorStream reader{loop.executor(), std::move(ends.read), "reader"};
  ends.write.reset();
  CHECK(loop.run(read_once(reader)) == 0);
  CHECK(loop.run(read_once(reader)) == 0);
}

TEST_CASE("writing to a reader that went away is EPIPE, not a signal", "[runtime][stream]") {
  TestLoop loop;
  Ends ends = make_pipe();
  SECTION("pipe") {}
  SECTION("non-blocking pipe") {
    ends = make_pipe(O_NONBLOCK);
  }
  SECTION("socket") {
    ends = make_socket_pair();
  }
  DescriptorStream writer{loop.executor(), std::move(ends.write), "console"};
  ends.read.reset();
  CHECK(error_of(loop, send(writer, "anybody?")) == EPIPE);
}

TEST_CASE("a reader that goes away during a long write ends it", "[runtime][stream][threads]") {
  TestLoop loop;
  Ends ends = make_pipe();
  DescriptorStream writer{loop.executor(), std::move(ends.write), "console"};
  std::thread reader{[end = std::move(ends.read)]() mutable {
    std::array<char, 5000> some{};
    CHECK(::read(end.get(), some.data(), some.size()) > 0);
    end.reset();
  }};
  CHECK(error_of(loop, send(writer, pattern(1'000'000))) == EPIPE);
  reader.join();
}

TEST_CASE("a full disk is ENOSPC, with the stream's name", "[runtime][stream]") {
  TestLoop loop;
  DescriptorStream full{loop.executor(), UniqueFd{::open("/dev/full", O_RDWR | O_CLOEXEC)},
                        "serial.log"};
  try {
    loop.run(send(full, "line"));
    FAIL("the disk was not full");
  } catch (const HostError& error) {
    CHECK(std::string{error.what()} == "write to 'serial.log': No space left on device");
  }
}

TEST_CASE("a descriptor of the wrong kind is an error", "[runtime][stream]") {
  TestLoop loop;
  CHECK_THROWS_AS((DescriptorStream{loop.executor(), UniqueFd{}, "nothing"}), HostError);
  Ends ends = make_pipe();
  DescriptorStream reader{loop.executor(), std::move(ends.read), "reader"};
  CHECK(error_of(loop, send(reader, "wrong way")) == EBADF);
}

TEST_CASE("a regular file can be streamed from and to", "[runtime][stream]") {
  TestLoop loop;
  UniqueFd file{::memfd_create("file", MFD_CLOEXEC)};
  const int descriptor = file.get();
  DescriptorStream stream{loop.executor(), std::move(file), "file"};
  const std::string text = pattern(5000);
  loop.run(send(stream, text));
  loop.run(send(stream, "end"));
  REQUIRE(::lseek(descriptor, 0, SEEK_SET) == 0);
  std::string received;
  loop.run(receive(stream, 1 << 20, received));
  CHECK(received == text + "end");
}

TEST_CASE("nothing is read into, or written from, no bytes", "[runtime][stream]") {
  TestLoop loop;
  Ends ends = make_pipe();
  DescriptorStream reader{loop.executor(), std::move(ends.read), "reader"};
  DescriptorStream writer{loop.executor(), std::move(ends.write), "writer"};
  CHECK(loop.run(reader.read_some({})) == 0);
  loop.run(writer.write_all({}));
}

TEST_CASE("a stopped read takes no bytes with it", "[runtime][stream]") {
  TestLoop loop;
  Ends ends = make_pipe();
  SECTION("pipe") {}
  SECTION("non-blocking pipe") {
    ends = make_pipe(O_NONBLOCK);
  }
  SECTION("socket") {
    ends = make_socket_pair();
  }
  SECTION("pty") {
    ends = make_raw_pty();
  }
  const int writer = ends.write.get();
  DescriptorStream reader{loop.executor(), std::move(ends.read), "reader"};
  for (int turns = 0; turns < 4; ++turns) {
    loop.run(runtime::with_scope([&](Scope& scope) {
      scope.spawn(read_and_drop(reader));
      scope.spawn(stop_after(scope, turns));
    }));
  }
  REQUIRE(::write(writer, "kept", 4) == 4);
  std::string received;
  loop.run(receive(reader, 4, received));
  CHECK(received == "kept");
}

TEST_CASE("a write nobody reads can be stopped", "[runtime][stream]") {
  TestLoop loop;
  Ends ends = make_pipe();
  SECTION("pipe") {}
  SECTION("non-blocking pipe") {
    ends = make_pipe(O_NONBLOCK);
  }
  SECTION("socket") {
    ends = make_socket_pair();
  }
  SECTION("pty") {
    ends = make_raw_pty();
  }
  DescriptorStream writer{loop.executor(), std::move(ends.write), "writer"};
  const std::string text = pattern(1'000'000);
  loop.run(runtime::with_scope([&](Scope& scope) {
    scope.spawn(send(writer, text));
    scope.spawn(stop_after(scope, 3));
  }));
}
