#include "platform/host/user_network.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <fstream>

#include "runtime/error.hpp"
#include "runtime/unique_fd.hpp"
#include "tests/runtime/temporary_directory.hpp"
#include "tests/support/test_loop.hpp"

namespace {

using namespace platform;
using host::UserNetwork;
using runtime::HostError;
using runtime::Task;
using runtime::UniqueFd;
using Bytes = std::vector<std::byte>;

UserNetwork::Setup with_forwards(std::vector<PortForward> forwards) {
  return {.forwards = std::move(forwards), .helper = USER_NET_HELPER};
}

std::string failure_of(TestLoop& loop, const UserNetwork::Setup& setup) {
  try {
    UserNetwork network{loop.executor(), setup};
    network.wait_until_ready();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

/// A TCP socket on the loopback that listens, and where.
struct ListeningSocket {
  UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::uint16_t port = 0;

  ListeningSocket() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(socket.get(), generic, size) == 0);
    REQUIRE(::listen(socket.get(), 1) == 0);
    REQUIRE(::getsockname(socket.get(), generic, &size) == 0);
    port = ntohs(address.sin_port);
  }
};

PortForward to_loopback(std::uint16_t port) {
  return {.host_address = {127, 0, 0, 1}, .host_port = port, .guest_port = 80};
}

/// Who has 10.0.2.2? Asked by 10.0.2.15, with a header.
Bytes arp_request() {
  constexpr std::array<std::uint8_t, 42> frame{
      0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02, 0, 0, 0,  0, 0x15, 0x08, 0x06,  // broadcast, ARP
      0,    1,    8,    0,    6,    4,    0,    1,                              // request
      0x02, 0,    0,    0,    0,    0x15, 10,   0, 2, 15,                       // from
      0,    0,    0,    0,    0,    0,    10,   0, 2, 2};                       // whom
  Bytes bytes(frame_header_bytes, std::byte{0xEE});  // what a header says is lost
  for (const std::uint8_t byte : frame) bytes.push_back(std::byte{byte});
  return bytes;
}

Task<Bytes> next_frame(NetworkLink& link) {
  for (;;) {
    Bytes frame(2000, std::byte{0xEE});
    const std::array<std::span<std::byte>, 3> into{
        std::span{frame}.first(5), std::span{frame}.subspan(5, 20), std::span{frame}.subspan(25)};
    if (const auto size = link.receive(into)) {
      frame.resize(*size);
      co_return frame;
    }
    co_await link.receivable();
  }
}

bool send(NetworkLink& link, const Bytes& frame) {
  const std::array<std::span<const std::byte>, 2> parts{std::span{frame}.first(20),
                                                        std::span{frame}.subspan(20)};
  return link.send(parts);
}

Task<Bytes> ask_who_the_host_is(NetworkLink& link) {
  CHECK(send(link, arp_request()));
  co_return co_await next_frame(link);
}

/// A helper that does what a script says instead.
std::string script(const TemporaryDirectory& directory, const std::string& text) {
  const std::string path = directory.file("helper");
  std::ofstream{path} << "#!/bin/sh\n" << text << '\n';
  REQUIRE(::chmod(path.c_str(), 0700) == 0);
  return path;
}

}  // namespace

TEST_CASE("user network: answers the guest's frames", "[platform][user_network]") {
  TestLoop loop;
  UserNetwork network{loop.executor(), with_forwards({})};
  network.wait_until_ready();
  const Bytes answer = loop.run(ask_who_the_host_is(network));
  REQUIRE(answer.size() >= frame_header_bytes + 42);
  CHECK(std::all_of(answer.begin(), answer.begin() + frame_header_bytes,
                    [](std::byte byte) { return byte == std::byte{0}; }));
  CHECK(answer[frame_header_bytes + 21] == std::byte{2});  // an ARP reply
}

TEST_CASE("user network: frames it has no use for are dropped", "[platform][user_network]") {
  TestLoop loop;
  UserNetwork network{loop.executor(), with_forwards({})};
  network.wait_until_ready();
  for (const std::size_t size : {20, 21, 30, 1000, 65000, 300'000}) {
    CHECK(send(network, Bytes(size, std::byte{0xFF})));
  }
  const std::array<std::span<const std::byte>, 1> header_alone{
      std::as_bytes(std::span{"123456789012"})};
  CHECK(network.send(std::span{header_alone}.first(0)));
  const Bytes answer = loop.run(ask_who_the_host_is(network));
  CHECK(answer.size() >= frame_header_bytes + 42);
}

TEST_CASE("user network: a port of the host's leads to the guest", "[platform][user_network]") {
  TestLoop loop;
  std::uint16_t port = 0;
  {
    const ListeningSocket found;
    port = found.port;
  }
  UserNetwork network{loop.executor(), with_forwards({to_loopback(port)})};
  network.wait_until_ready();
  const UniqueFd client{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  REQUIRE(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  // It looks for the guest.
  const Bytes frame = loop.run(next_frame(network));
  CHECK(frame.size() > frame_header_bytes);
}

TEST_CASE("user network: one line says why it cannot be", "[platform][user_network]") {
  TestLoop loop;
  const ListeningSocket other;
  const std::string where = to_text(to_loopback(other.port));
  CHECK(failure_of(loop, with_forwards({to_loopback(other.port)})) ==
        "forward " + where + ": Address already in use");
  CHECK(failure_of(loop, {.helper = "/nowhere/mayfly-user-net"}) ==
        "start '/nowhere/mayfly-user-net': No such file or directory");
  const TemporaryDirectory directory;
  CHECK(failure_of(loop, {.helper = script(directory, "exit 3")}) ==
        "user networking: its helper ended before it began");
}

TEST_CASE("user network: a helper that dies is the end of the link", "[platform][user_network]") {
  TestLoop loop;
  const TemporaryDirectory directory;
  UserNetwork network{loop.executor(),
                      {.helper = script(directory, "exec 1>&3 && printf ready && exec sleep 0")}};
  network.wait_until_ready();
  CHECK_THROWS_AS(loop.run(next_frame(network)), HostError);
  CHECK_THROWS_AS(loop.run(next_frame(network)), HostError);
  CHECK_THROWS_AS(send(network, arp_request()), HostError);
}
