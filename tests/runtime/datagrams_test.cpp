#include "runtime/datagrams.hpp"

#include <sys/socket.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "runtime/error.hpp"
#include "runtime/scope.hpp"
#include "tests/support/test_loop.hpp"

namespace {

using runtime::Datagrams;
using runtime::HostError;
using runtime::Scope;
using runtime::Task;
using runtime::UniqueFd;

struct Pair {
  Datagrams ours;
  UniqueFd theirs;
};

Pair make_pair(TestLoop& loop) {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
  return {{loop.executor(), UniqueFd{ends[0]}, "the socket"}, UniqueFd{ends[1]}};
}

void put(const UniqueFd& socket, const std::string& text) {
  REQUIRE(::send(socket.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
}

std::string take(const UniqueFd& socket) {
  std::array<char, 100> text;
  const ssize_t size = ::recv(socket.get(), text.data(), text.size(), MSG_DONTWAIT);
  return size < 0 ? "" : std::string{text.data(), static_cast<std::size_t>(size)};
}

std::optional<std::string> receive(Datagrams& datagrams) {
  std::array<char, 4> head{};
  std::array<char, 8> rest{};
  const std::array<std::span<std::byte>, 2> into{std::as_writable_bytes(std::span{head}),
                                                 std::as_writable_bytes(std::span{rest})};
  const auto size = datagrams.receive(into);
  if (!size) return std::nullopt;
  return (std::string{head.data(), head.size()} + std::string{rest.data(), rest.size()})
      .substr(0, *size);
}

bool send(Datagrams& datagrams, const std::vector<std::string>& pieces) {
  std::vector<std::span<const std::byte>> message;
  for (const std::string& piece : pieces) message.push_back(std::as_bytes(std::span{piece}));
  return datagrams.send(message);
}

Task<> wait_and_put(Datagrams& datagrams, const UniqueFd& theirs, std::string& received) {
  CHECK(receive(datagrams) == std::nullopt);
  put(theirs, "late");
  co_await datagrams.receivable();
  received = receive(datagrams).value_or("");
}

Task<> wait_and_make_room(Datagrams& datagrams, const UniqueFd& theirs) {
  while (send(datagrams, {std::string(1000, 'x')})) continue;
  while (take(theirs).size() != 0) continue;
  co_await datagrams.sendable();
  CHECK(send(datagrams, {"again"}));
}

Task<> receivable(Datagrams& datagrams) {
  co_await datagrams.receivable();
}

}  // namespace

TEST_CASE("datagrams: a message is one, however many buffers hold it", "[runtime][datagrams]") {
  TestLoop loop;
  Pair pair = make_pair(loop);
  put(pair.theirs, "abcdef");
  put(pair.theirs, "gh");
  put(pair.theirs, "longer than all of it");
  CHECK(receive(pair.ours) == "abcdef");
  CHECK(receive(pair.ours) == "gh");
  CHECK(receive(pair.ours) == "longer than ");
  CHECK(receive(pair.ours) == std::nullopt);
  CHECK(send(pair.ours, {"one", "", "two"}));
  CHECK(take(pair.theirs) == "onetwo");
  CHECK(send(pair.ours, std::vector<std::string>(1030, "")));
}

TEST_CASE("datagrams: waits for a message, and for room", "[runtime][datagrams]") {
  TestLoop loop;
  Pair pair = make_pair(loop);
  std::string received;
  loop.run(wait_and_put(pair.ours, pair.theirs, received));
  CHECK(received == "late");
  loop.run(wait_and_make_room(pair.ours, pair.theirs));
}

TEST_CASE("datagrams: a wait can be stopped", "[runtime][datagrams]") {
  TestLoop loop;
  Pair pair = make_pair(loop);
  const auto body = [&](Scope& scope) {
    scope.spawn(receivable(pair.ours));
    scope.request_stop();
  };
  loop.run(runtime::with_scope(body));
  put(pair.theirs, "still here");
  CHECK(receive(pair.ours) == "still here");
}

TEST_CASE("datagrams: the other side's end is seen from both directions", "[runtime][datagrams]") {
  TestLoop loop;
  Pair pair = make_pair(loop);
  pair.theirs.reset();
  loop.run(receivable(pair.ours));
  CHECK(receive(pair.ours) == "");
  CHECK_THROWS_AS(send(pair.ours, {"lost"}), HostError);
}
