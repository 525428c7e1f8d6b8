#include "devices/virtio/net.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/devices/virtio/net_bench.hpp"

using namespace devices::virtio;
using namespace net_feature;
using platform::LinkQueueUse;
using platform::NetworkOffloads;
using runtime::Task;

namespace {

Task<FakeDriver::Used> next_used(NetBench& bench) {
  for (;;) {
    if (const auto used = bench.queue.driver.take_used()) co_return *used;
    co_await runtime::yield();
  }
}

std::uint16_t lend(NetBench& bench, std::uint32_t size_bytes) {
  const auto id = bench.queue.driver.chain().writable(size_bytes).available();
  bench.queue.doorbell.notify();
  return id;
}

/// What the driver should see of a frame in so many buffers.
FakeLink::Frame with_buffer_count(FakeLink::Frame frame, std::uint8_t count) {
  frame[buffer_count_offset] = std::byte{count};
  frame[buffer_count_offset + 1] = std::byte{0};
  return frame;
}

/// Takes so many buffers from the device and pastes them together.
Task<FakeLink::Frame> take_frame(NetBench& bench, int buffers) {
  FakeLink::Frame frame;
  for (int i = 0; i < buffers; ++i) {
    const auto used = co_await next_used(bench);
    const auto bytes = bench.queue.driver.written(used.id);
    frame.insert(frame.end(), bytes.begin(), bytes.begin() + used.written_bytes);
  }
  co_return frame;
}

Task<> turns(int count) {
  for (int i = 0; i < count; ++i) co_await runtime::yield();
}

Task<> receives_one_in_one(NetBench& bench) {
  (void)lend(bench, 1526);
  bench.link().arrive(frame_of(100));
  const auto frame = co_await take_frame(bench, 1);
  CHECK(frame == with_buffer_count(frame_of(100), 1));
  // The wait for a frame, and then for a buffer.
  bench.link().arrive(frame_of(200));
  co_await turns(20);
  (void)lend(bench, 1526);
  const auto next = co_await take_frame(bench, 1);
  CHECK(next == with_buffer_count(frame_of(200), 1));
}

Task<> receives_one_in_many(NetBench& bench, std::uint32_t buffer_bytes, std::size_t frame_bytes) {
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 10; ++i) (void)lend(bench, buffer_bytes);
    co_await turns(3);
    bench.link().arrive(frame_of(frame_bytes));
    const int buffers = static_cast<int>((frame_bytes + buffer_bytes - 1) / buffer_bytes);
    const auto frame = co_await take_frame(bench, buffers);
    const bool same =
        frame == with_buffer_count(frame_of(frame_bytes), static_cast<std::uint8_t>(buffers));
    REQUIRE(same);
    for (int i = buffers; i < 10; ++i) bench.link().arrive(frame_of(26));
    for (int i = buffers; i < 10; ++i) (void)co_await next_used(bench);
  }
}

Task<> receives_more_than_there_is_room_for(NetBench& bench) {
  (void)lend(bench, 1000);
  bench.link().arrive(frame_of(5500));
  co_await turns(20);
  CHECK_FALSE(bench.queue.driver.take_used());
  for (int i = 0; i < 4; ++i) (void)lend(bench, 1000);
  co_await turns(20);
  CHECK_FALSE(bench.queue.driver.take_used());
  (void)lend(bench, 1000);
  const auto frame = co_await take_frame(bench, 6);
  const bool same = frame == with_buffer_count(frame_of(5500), 6);
  CHECK(same);
}

Task<> receives_only_what_fits(NetBench& bench) {
  (void)lend(bench, 1000);
  bench.link().arrive(frame_of(1001));
  bench.link().arrive(frame_of(999, 1));
  const auto frame = co_await take_frame(bench, 1);
  const bool same = frame == with_buffer_count(frame_of(999, 1), 1);
  CHECK(same);
}

Task<> hands_back_small_buffers(NetBench& bench) {
  const auto small = lend(bench, 11);
  const auto first = co_await next_used(bench);
  CHECK(first.id == small);
  CHECK(first.written_bytes == 0);
  const auto readable = bench.queue.driver.chain().readable("what for?").available();
  bench.queue.doorbell.notify();
  const auto second = co_await next_used(bench);
  CHECK(second.id == readable);
  CHECK(second.written_bytes == 0);
  (void)lend(bench, 1526);
  bench.link().arrive(FakeLink::Frame(25));  // no frame at all
  bench.link().arrive(frame_of(26));
  const auto frame = co_await take_frame(bench, 1);
  CHECK(frame == with_buffer_count(frame_of(26), 1));
}

Task<> receives_into_tiny_buffers(NetBench& bench) {
  auto lent = bench.queue.driver.chain();
  for (int i = 0; i < 1000; ++i) lent.writable(1);
  lent.indirect().available();
  auto more = bench.queue.driver.chain();
  for (int i = 0; i < 500; ++i) more.writable(1);
  more.indirect().available();
  bench.queue.doorbell.notify();
  co_await turns(3);
  bench.link().arrive(frame_of(1400));
  const auto frame = co_await take_frame(bench, 2);
  const bool same = frame == with_buffer_count(frame_of(1400), 2);
  CHECK(same);
}

Task<> lend_some(NetBench& bench) {
  for (int i = 0; i < 5; ++i) (void)lend(bench, 1526);
  co_await turns(20);
}

Task<> loses_the_link(NetBench& bench) {
  (void)lend(bench, 1526);
  co_await turns(5);
  bench.link().vanish();
  co_await turns(20);
  CHECK(bench.config().status == 0);
  CHECK(bench.config_changes == 1);
}

Task<> transmits(NetBench& bench) {
  const FakeLink::Frame frame = frame_of(1000);
  const std::span<const std::byte> bytes{frame};
  auto chain = bench.queue.driver.chain();
  (void)co_await bench.queue.ask(chain.readable(bytes.first(5)).readable(bytes.subspan(5)));
  CHECK(bench.queue.last_written_bytes == 0);
  REQUIRE(bench.link().sent.size() == 1);
  CHECK(bench.link().sent[0] == frame);
  auto runt = bench.queue.driver.chain();
  (void)co_await bench.queue.ask(runt.readable("half header"));
  auto none = bench.queue.driver.chain();
  (void)co_await bench.queue.ask(none.writable(100));
  CHECK(bench.link().sent.size() == 1);
}

Task<> waits_for_room(NetBench& bench) {
  bench.link().make_room(1);
  const FakeLink::Frame frame = frame_of(100);
  for (int i = 0; i < 3; ++i) bench.queue.driver.chain().readable(frame).available();
  bench.queue.doorbell.notify();
  co_await turns(20);
  CHECK(bench.link().sent.size() == 1);
  bench.link().make_room(2);
  for (int i = 0; i < 3; ++i) (void)co_await next_used(bench);
  CHECK(bench.link().sent.size() == 3);
}

Task<> transmits_into_nothing(NetBench& bench) {
  bench.link().make_room(0);
  const FakeLink::Frame frame = frame_of(100);
  for (int i = 0; i < 3; ++i) bench.queue.driver.chain().readable(frame).available();
  bench.queue.doorbell.notify();
  co_await turns(10);
  bench.link().vanish();
  for (int i = 0; i < 3; ++i) (void)co_await next_used(bench);
  CHECK(bench.link().sent.empty());
  CHECK(bench.config().status == 0);
}

}  // namespace

TEST_CASE("virtio-net: a frame that comes fills a buffer", "[devices][virtio][net]") {
  const auto format = GENERATE(from_range(RingBench::all_formats()));
  const Features buffers = GENERATE(Features{}, Features{MrgRxbuf});
  NetBench bench{format | buffers};
  bench.run(receives_one_in_one(bench));
}

TEST_CASE("virtio-net: a large frame fills several buffers, which come back together",
          "[devices][virtio][net]") {
  const auto format = GENERATE(from_range(RingBench::all_formats()));
  NetBench bench{format | Features{MrgRxbuf, GuestCsum, GuestTso4}};
  SECTION("of usual size") {
    bench.run(receives_one_in_many(bench, 1526, 9000));
  }
  SECTION("as small as a header and a frame can be") {
    bench.run(receives_one_in_many(bench, 26, 230));
  }
}

TEST_CASE("virtio-net: a frame waits for the buffers that it lacks", "[devices][virtio][net]") {
  const auto format = GENERATE(from_range(RingBench::all_formats()));
  NetBench bench{format | Features{MrgRxbuf}};
  bench.run(receives_more_than_there_is_room_for(bench));
}

TEST_CASE("virtio-net: a frame that cannot be spread is lost unless it fits",
          "[devices][virtio][net]") {
  NetBench bench{{}};
  bench.run(receives_only_what_fits(bench));
}

TEST_CASE("virtio-net: buffers without room for a header go back empty", "[devices][virtio][net]") {
  const auto format = GENERATE(from_range(RingBench::all_formats()));
  NetBench bench{format | Features{MrgRxbuf}};
  bench.run(hands_back_small_buffers(bench));
}

TEST_CASE("virtio-net: more buffers than the kernel reads into at once", "[devices][virtio][net]") {
  const auto format = GENERATE(from_range(RingBench::all_formats()));
  NetBench bench{format | Features{MrgRxbuf}};
  bench.run(receives_into_tiny_buffers(bench));
}

TEST_CASE("virtio-net: buffers without a frame were never taken when the queue closes",
          "[devices][virtio][net]") {
  const auto format = GENERATE(from_range(RingBench::all_formats()));
  NetBench bench{format | Features{MrgRxbuf}};
  bench.run(lend_some(bench));
  CHECK_FALSE(bench.queue.driver.take_used());
  CHECK_FALSE(bench.queue.is_broken);
}

TEST_CASE("virtio-net: a link that is no more is down for the driver", "[devices][virtio][net]") {
  NetBench bench{{MrgRxbuf, Status}};
  CHECK(bench.config().status == link_up);
  bench.run(loses_the_link(bench));
  // The next driver finds it so, and nobody is in its way.
  CHECK_NOTHROW(bench.device->activate({MrgRxbuf, Status}));
  CHECK(bench.config().status == 0);
}

TEST_CASE("virtio-net: the guest's frames are sent as they are", "[devices][virtio][net]") {
  const auto format = GENERATE(from_range(RingBench::all_formats()));
  NetBench bench{format, 1};
  bench.run(transmits(bench));
}

TEST_CASE("virtio-net: frames wait for room on the link", "[devices][virtio][net]") {
  NetBench bench{{}, 1};
  bench.run(waits_for_room(bench));
}

TEST_CASE("virtio-net: frames for a link that is no more are dropped", "[devices][virtio][net]") {
  NetBench bench{{}, 1};
  bench.run(transmits_into_nothing(bench));
}

TEST_CASE("virtio-net: offers what its links can", "[devices][virtio][net]") {
  NetBench bench{{}, 0, 1};
  bench.link().can = {};
  CHECK(bench.device->features() ==
        Features{Mac, Status, MrgRxbuf, CtrlVq, CtrlRx, CtrlMacAddr, Feature::InOrder});
  bench.link().can = {.checksum = true, .tcp4 = true};
  CHECK((bench.device->features() -
         Features{Mac, Status, MrgRxbuf, CtrlVq, CtrlRx, CtrlMacAddr, Feature::InOrder}) ==
        Features{Csum, GuestCsum, HostTso4, GuestTso4, CtrlGuestOffloads});
  bench.link().can = {.tcp4 = true, .tcp_ecn = true, .udp_segments = true};  // without checksums
  CHECK_FALSE(bench.device->features().has_any({HostTso4, HostEcn, HostUso, GuestUso4}));
  NetBench larger{{}, 0, 3, std::uint16_t{9000}};
  CHECK(larger.device->features().has_all({Mq, Mtu}));
  CHECK(larger.device->queue_sizes().size() == 7);
  CHECK(larger.config().max_virtqueue_pairs == 3);
  CHECK(larger.config().mtu == 9000);
  CHECK(larger.config().mac == NetBench::mac);
}

TEST_CASE("virtio-net: a link gives what the driver has accepted, and never without checksums",
          "[devices][virtio][net]") {
  NetBench bench{{GuestCsum, GuestTso4, GuestEcn}};
  CHECK(bench.link().given == NetworkOffloads{.checksum = true, .tcp4 = true, .tcp_ecn = true});
  bench.device->activate({GuestTso4, GuestTso6, GuestUso4, GuestUso6});
  CHECK(bench.link().given == NetworkOffloads{});
  bench.device->activate({GuestCsum, GuestUso4});
  CHECK(bench.link().given == NetworkOffloads{.checksum = true});
}

TEST_CASE("virtio-net: a driver starts with one pair of queues", "[devices][virtio][net]") {
  NetBench bench{{Mq, CtrlVq}, 8, 4};
  CHECK(bench.links[0]->used == LinkQueueUse::Used);
  for (const int unused : {1, 2, 3}) CHECK(bench.links[unused]->used == LinkQueueUse::Unused);
}

TEST_CASE("virtio-net: queues that a driver cannot know of are left alone",
          "[devices][virtio][net]") {
  NetBench bench{{CtrlVq}, 8, 4};
  bench.run(turns(1));
}
