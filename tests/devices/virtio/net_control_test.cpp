// The control queue of a network device.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "tests/devices/virtio/net_bench.hpp"

using namespace devices::virtio;
using namespace net_feature;
using platform::LinkQueueUse;
using platform::NetworkOffloads;
using runtime::Task;
using namespace std::string_literals;

namespace {

constexpr Features everything{Mq,        CtrlVq,    CtrlRx,    CtrlMacAddr, CtrlGuestOffloads,
                              GuestCsum, GuestTso4, GuestTso6, GuestEcn};

/// The answer to a command: its class, its number, what belongs to it.
Task<int> answer_to(NetBench& bench, std::string command) {
  auto chain = bench.queue.driver.chain();
  const auto id = co_await bench.queue.ask(chain.readable(command).writable(1));
  CHECK(bench.queue.last_written_bytes == 1);
  co_return std::to_integer<int>(bench.queue.driver.written(id)[0]);
}

Task<> expect_answers(NetBench& bench, int expected, std::vector<std::string> commands) {
  for (const std::string& command : commands) {
    const int answer = co_await answer_to(bench, command);
    INFO(command.size() << " bytes of class " << int{command.empty() ? 99 : command[0]});
    CHECK(answer == expected);
  }
}

Task<> ask_without_an_answer(NetBench& bench) {
  auto chain = bench.queue.driver.chain();
  (void)co_await bench.queue.ask(chain.readable("\4\0\2\0"s));
  CHECK(bench.queue.last_written_bytes == 0);
}

std::string offloads(std::uint64_t bits) {
  return "\5\0"s + std::string{reinterpret_cast<const char*>(&bits), sizeof bits};
}

}  // namespace

TEST_CASE("virtio-net control: receive modes and tables are taken", "[devices][virtio][net]") {
  NetBench bench{everything, 8, 4};
  bench.run(expect_answers(bench, 0,
                           {"\0\0\1"s, "\0\0\0"s, "\0\1\1"s, "\1\0\0\0\0\0\0\0\0\0"s,
                            "\1\0\1\0\0\0abcdef\2\0\0\0abcdefabcdef"s}));
}

TEST_CASE("virtio-net control: an address is seen in the configuration", "[devices][virtio][net]") {
  NetBench bench{everything, 8, 4};
  bench.run(expect_answers(bench, 0, {"\1\1abcdef"s}));
  CHECK(bench.config().mac == platform::MacAddress{'a', 'b', 'c', 'd', 'e', 'f'});
}

TEST_CASE("virtio-net control: pairs of queues are put to use", "[devices][virtio][net]") {
  NetBench bench{everything, 8, 4};
  bench.run(expect_answers(bench, 0, {"\4\0\3\0"s}));
  for (const int used : {0, 1, 2}) CHECK(bench.links[used]->used == LinkQueueUse::Used);
  CHECK(bench.links[3]->used == LinkQueueUse::Unused);
}

TEST_CASE("virtio-net control: offloads can be taken back and given again",
          "[devices][virtio][net]") {
  NetBench bench{everything, 8, 4};
  bench.run(expect_answers(bench, 0, {offloads(1 << 1)}));
  CHECK(bench.link().given == NetworkOffloads{.checksum = true});
}

TEST_CASE("virtio-net control: what is malformed or was not agreed upon is an error",
          "[devices][virtio][net]") {
  NetBench bench{everything, 8, 4};
  bench.run(expect_answers(bench, 1,
                           {""s,
                            "\0"s,
                            "\0\0"s,
                            "\0\2\1"s,
                            "\1\0\0\0\0\0"s,
                            "\1\0\1\0\0\0abcde\0\0\0\0"s,
                            "\1\0\xFF\xFF\xFF\xFF\0\0\0\0"s,
                            "\1\1abcde"s,
                            "\1\2abcdef"s,
                            "\2\0\0\0"s,
                            "\3\0"s,
                            "\4\0\0\0"s,
                            "\4\0\5\0"s,
                            "\4\0\1"s,
                            "\4\1\1\0"s,
                            "\5\0\1"s,
                            "\5\1\0\0\0\0\0\0\0\0"s,
                            offloads(1 << 15),
                            offloads(1ULL << 54),
                            "\7\0\0"s}));
  CHECK(bench.links[1]->used == LinkQueueUse::Unused);
  CHECK(bench.config().mac == NetBench::mac);
}

TEST_CASE("virtio-net control: nothing but what was agreed upon is done",
          "[devices][virtio][net]") {
  NetBench bench{{CtrlVq}, 2, 4};
  bench.run(expect_answers(
      bench, 1,
      {"\0\0\1"s, "\1\0\0\0\0\0\0\0\0\0"s, "\1\1abcdef"s, "\4\0\2\0"s, offloads(1 << 1)}));
}

TEST_CASE("virtio-net control: a command may come without room for an answer",
          "[devices][virtio][net]") {
  NetBench bench{everything, 8, 4};
  bench.run(ask_without_an_answer(bench));
  CHECK(bench.links[1]->used == LinkQueueUse::Used);
}
