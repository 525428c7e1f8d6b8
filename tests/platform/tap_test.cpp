#include "platform/host/tap.hpp"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstring>

#include "runtime/error.hpp"
#include "runtime/scope.hpp"
#include "runtime/timer.hpp"
#include "tests/support/test_loop.hpp"
#include "tests/support/test_network.hpp"

namespace {

using namespace platform;
using platform::host::Tap;
using runtime::HostError;
using runtime::Task;
using Bytes = std::vector<std::byte>;

constexpr std::uint16_t test_type = 0x88B5;  // for experiments (IEEE 802)

/// An Ethernet frame to everybody.
Bytes frame_of(std::uint8_t what, std::size_t size_bytes = 100) {
  Bytes frame(size_bytes, std::byte{what});
  std::fill_n(frame.begin(), 6, std::byte{0xFF});
  frame[6] = std::byte{0x02};  // no group address
  frame[12] = std::byte{test_type >> 8};
  frame[13] = std::byte{test_type & 0xFF};
  return frame;
}

bool is_test_frame(std::span<const std::byte> frame) {
  return frame.size() >= 14 && frame[12] == std::byte{test_type >> 8} &&
         frame[13] == std::byte{test_type & 0xFF};
}

/// The host sends frames of its own accord (IPv6 looks for routers): those do not count.
Task<Bytes> next_test_frame(NetworkLink& link) {
  for (;;) {
    std::array<std::byte, frame_header_bytes> header;
    Bytes frame(2000);
    const std::array<std::span<std::byte>, 3> into{std::span{header}, std::span{frame}.first(6),
                                                   std::span{frame}.subspan(6)};
    while (const auto size = link.receive(into)) {
      if (*size < frame_header_bytes) continue;
      const auto payload = std::span{frame}.first(*size - frame_header_bytes);
      if (is_test_frame(payload)) co_return Bytes{payload.begin(), payload.end()};
    }
    co_await link.receivable();
  }
}

Bytes with_header(const Bytes& frame) {
  Bytes whole(frame_header_bytes);
  whole.insert(whole.end(), frame.begin(), frame.end());
  return whole;
}

void send(NetworkLink& link, const Bytes& frame) {
  const Bytes whole = with_header(frame);
  const std::array pieces{std::span<const std::byte>{whole}.first(5),
                          std::span<const std::byte>{whole}.subspan(5)};
  CHECK(link.send(pieces));
}

std::string failure_of(TestLoop& loop, const std::string& name, std::uint16_t queues = 1) {
  try {
    (void)host::open_tap(loop.executor(), name, queues);
  } catch (const HostError& error) {
    return error.what();
  }
  return "";
}

std::string failure_of_descriptor(TestLoop& loop, int descriptor) {
  try {
    (void)host::inherited_tap(loop.executor(), descriptor);
  } catch (const HostError& error) {
    return error.what();
  }
  return "";
}

/// As a program would that hands a tap down to us.
int attached_descriptor(const std::string& name, int flags) {
  const int descriptor = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  ifreq request{};
  std::ranges::copy(name, request.ifr_name);
  request.ifr_flags = static_cast<short>(flags);
  REQUIRE(::ioctl(descriptor, TUNSETIFF, &request) == 0);
  return descriptor;
}

Task<> wait_for_frame(NetworkLink& link) {
  (void)co_await next_test_frame(link);
}

Task<> expect_end(NetworkLink& link) {
  bool ended = false;
  try {
    (void)co_await next_test_frame(link);
  } catch (const HostError& error) {
    ended = true;
  }
  CHECK(ended);
}

Task<> remove(TestNetwork& network, const std::string& name) {
  co_await runtime::yield();
  network.remove_tap(name);
}

}  // namespace

TEST_CASE("tap: frames go both ways", "[platform][tap]") {
  TestNetwork network;
  network.add_tap("tap0");
  TestLoop loop;
  HostSide host{"tap0"};
  Tap tap = host::open_tap(loop.executor(), "tap0", 1);
  REQUIRE(tap.queues.size() == 1);
  CHECK(tap.name == "tap0");

  host.send(frame_of(1));
  CHECK(loop.run(next_test_frame(*tap.queues[0])) == frame_of(1));
  send(*tap.queues[0], frame_of(2, 1514));
  while (host.receive(test_type) != frame_of(2, 1514)) continue;  // it sees its own, too
}

TEST_CASE("tap: waiting for a frame can be stopped", "[platform][tap]") {
  TestNetwork network;
  network.add_tap("tap0");
  TestLoop loop;
  Tap tap = host::open_tap(loop.executor(), "tap0", 1);
  const auto body = [&](runtime::Scope& scope) {
    scope.spawn(wait_for_frame(*tap.queues[0]));
    scope.request_stop();
  };
  loop.run(runtime::with_scope(body));
}

TEST_CASE("tap: a frame it has no use for is dropped", "[platform][tap]") {
  TestNetwork network;
  network.add_tap("tap0");
  TestLoop loop;
  Tap tap = host::open_tap(loop.executor(), "tap0", 1);
  NetworkLink& link = *tap.queues[0];
  for (const std::size_t size : {0, 1, 11, 12, 13, 25}) {
    const Bytes bytes(size, std::byte{0xFF});  // a header that asks for nonsense, or half of one
    const std::array frame{std::span<const std::byte>{bytes}};
    CHECK(link.send(frame));
  }
  Bytes nonsense(200, std::byte{0xFF});
  const std::array frame{std::span<const std::byte>{nonsense}};
  CHECK(link.send(frame));
  HostSide host{"tap0"};
  host.send(frame_of(3));
  CHECK(loop.run(next_test_frame(link)) == frame_of(3));
}

TEST_CASE("tap: takes what it says, and gives what it is told", "[platform][tap]") {
  TestNetwork network;
  network.add_tap("tap0");
  TestLoop loop;
  Tap tap = host::open_tap(loop.executor(), "tap0", 1);
  const NetworkOffloads offloads = tap.queues[0]->offloads();
  CHECK(offloads.checksum);
  CHECK(offloads.tcp4);
  CHECK(offloads.tcp6);
  CHECK_NOTHROW(tap.queues[0]->give(offloads));
  CHECK_NOTHROW(tap.queues[0]->give({.checksum = true, .tcp_ecn = true}));
  CHECK_NOTHROW(tap.queues[0]->give({}));
}

TEST_CASE("tap: one that is deleted ends the wait, and says so for ever after", "[platform][tap]") {
  TestNetwork network;
  network.add_tap("tap0");
  TestLoop loop;
  Tap tap = host::open_tap(loop.executor(), "tap0", 1);
  NetworkLink& link = *tap.queues[0];
  loop.run(runtime::all(expect_end(link), remove(network, "tap0")));
  loop.run(expect_end(link));
  const Bytes whole = with_header(frame_of(1));
  const std::array frame{std::span<const std::byte>{whole}};
  CHECK_THROWS_AS(link.send(frame), HostError);
  CHECK_THROWS_AS(link.give({}), HostError);
}

TEST_CASE("tap: queues that are not used get no frames", "[platform][tap]") {
  TestNetwork network;
  network.add_tap("tap0", TestNetwork::Queues::Many);
  TestLoop loop;
  HostSide host{"tap0"};
  Tap tap = host::open_tap(loop.executor(), "tap0", 4);
  REQUIRE(tap.queues.size() == 4);
  for (const std::size_t unused : {0, 1, 3}) tap.queues[unused]->use(LinkQueueUse::Unused);
  for (std::uint8_t i = 0; i < 10; ++i) {
    Bytes frame = frame_of(i);
    frame[6 + 5] = std::byte{i};  // flows of their own
    host.send(frame);
    CHECK(loop.run(next_test_frame(*tap.queues[2])) == frame);
  }
  tap.queues[3]->use(LinkQueueUse::Used);
  tap.queues[2]->use(LinkQueueUse::Unused);
  host.send(frame_of(1));
  CHECK(loop.run(next_test_frame(*tap.queues[3])) == frame_of(1));
}

TEST_CASE("tap: one line says why it cannot be used", "[platform][tap]") {
  TestNetwork network;
  network.add_tap("tap0");
  network.add_tap("many", TestNetwork::Queues::Many);
  TestLoop loop;
  CHECK(failure_of(loop, "tap1") == "use tap 'tap1': No such device");
  CHECK(failure_of(loop, "") == "use tap '': No such device");
  CHECK(failure_of(loop, "a-name-that-is-too-long") ==
        "use tap 'a-name-that-is-too-long': No such device");
  CHECK(failure_of(loop, "lo").starts_with("use 'lo', which is no tap"));
  CHECK(failure_of(loop, "tap0", 2).starts_with("use 'tap0', which is no tap, or"));
  CHECK(failure_of(loop, "many", 1).starts_with("use 'many', which is no tap, or"));
  const Tap tap = host::open_tap(loop.executor(), "tap0", 1);
  CHECK(failure_of(loop, "tap0").starts_with("use tap 'tap0', which somebody else uses"));
}

TEST_CASE("tap: handed down by whoever started us", "[platform][tap]") {
  TestNetwork network;
  network.add_tap("tap0");
  TestLoop loop;
  const int plain = attached_descriptor("plain", IFF_TAP | IFF_NO_PI);
  CHECK(failure_of_descriptor(loop, plain).find("'plain' without IFF_NO_PI or IFF_VNET_HDR") !=
        std::string::npos);
  CHECK(failure_of_descriptor(loop, STDIN_FILENO)
            .starts_with("use descriptor 0 as a tap, which it is not"));
  CHECK(failure_of_descriptor(loop, 987).starts_with("use descriptor 987 as a tap"));
  Tap tap = host::inherited_tap(loop.executor(),
                                attached_descriptor("tap0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR));
  CHECK(tap.name == "tap0");
  HostSide host{"tap0"};
  host.send(frame_of(5));
  CHECK(loop.run(next_test_frame(*tap.queues[0])) == frame_of(5));
  ::close(plain);
}
