#include "devices/virtio/queue.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "runtime/scope.hpp"
#include "tests/devices/virtio/ring_bench.hpp"
#include "tests/support/test_loop.hpp"

using namespace devices::virtio;
using runtime::Task;

namespace {

struct Bench : RingBench, QueueEvents {
  explicit Bench(Features agreed) : RingBench{agreed} {}

  void used(std::uint16_t index) noexcept override { used_queues.push_back(index); }
  void broken(std::uint16_t index) noexcept override { broken_queues.push_back(index); }

  TestLoop loop;
  runtime::Event doorbell{loop.executor()};
  std::vector<std::uint16_t> used_queues;
  std::vector<std::uint16_t> broken_queues;
  Queue queue{3, ring, format, doorbell, *this};
};

Task<> echo(Bench& bench) {
  for (;;) {
    const bool open = co_await bench.queue.kicked();
    if (!open) co_return;
    while (auto chain = bench.queue.pop()) {
      std::byte byte{};
      (void)chain->readable.read_some({&byte, 1});
      (void)chain->writable.write(byte);
      bench.queue.push(std::move(*chain), 1);
    }
  }
}

Task<> ask_three_times(Bench& bench) {
  for (const std::string_view question : {"a", "b", "c"}) {
    const auto id = bench.driver.chain().readable(question).writable(1).available();
    bench.doorbell.notify();
    while (!bench.driver.take_used()) co_await runtime::yield();
    CHECK(bench.driver.written_text(id) == question);
  }
  bench.queue.close();
}

Task<> keep_the_loop(Bench& bench, int& rounds) {
  for (;;) {
    const bool open = co_await bench.queue.kicked();
    if (!open) co_return;
    ++rounds;
    // A driver that makes a chain available for each one that comes back.
    while (auto chain = bench.queue.pop()) {
      bench.queue.push(std::move(*chain), 0);
      (void)bench.driver.take_used();
      bench.driver.chain().readable("x").available();
    }
  }
}

Task<> close_at_its_turn(Bench& bench) {
  for (int i = 0; i < 5; ++i) co_await runtime::yield();
  bench.queue.close();
}

Task<> wait_for_a_kick(Bench& bench) {
  const bool open = co_await bench.queue.kicked();
  (void)open;
}

}  // namespace

TEST_CASE("queue: a driver hears once of what was pushed silently", "[devices][virtio]") {
  Bench bench{GENERATE(from_range(RingBench::all_formats()))};
  for (int i = 0; i < 2; ++i) {
    bench.driver.chain().writable(1).available();
    auto chain = bench.queue.pop();
    REQUIRE(chain);
    bench.queue.push_silently(std::move(*chain), 0);
    CHECK(bench.driver.take_used());
  }
  CHECK(bench.used_queues.empty());
  for (int i = 0; i < 2; ++i) bench.queue.tell();
  CHECK(bench.used_queues == std::vector<std::uint16_t>{3});
}

TEST_CASE("virtio queue: chains are answered until it is closed", "[devices][virtio]") {
  Bench bench{GENERATE(from_range(RingBench::all_formats()))};
  bench.loop.run(runtime::all(echo(bench), ask_three_times(bench)));
  CHECK(bench.broken_queues.empty());
  CHECK_FALSE(bench.used_queues.empty());
  CHECK(bench.used_queues[0] == 3);
}

TEST_CASE("virtio queue: a driver that never stops leaves others their turn", "[devices][virtio]") {
  Bench bench{GENERATE(from_range(RingBench::all_formats()))};
  int rounds = 0;
  bench.driver.chain().readable("x").available();
  bench.loop.run(runtime::all(keep_the_loop(bench, rounds), close_at_its_turn(bench)));
  CHECK(rounds >= 2);
}

TEST_CASE("virtio queue: a broken ring closes it and is told once", "[devices][virtio]") {
  Bench bench{GENERATE(from_range(RingBench::all_formats()))};
  bench.driver.chain().buffer({{RingBench::memory_bytes}, 1, 0}).available();
  bench.loop.run(echo(bench));
  CHECK(bench.broken_queues == std::vector<std::uint16_t>{3});
  CHECK_FALSE(bench.queue.pop());
}

TEST_CASE("virtio queue: what is in flight is bounded by the ring", "[devices][virtio]") {
  Bench bench{RingBench::all_formats()[0]};
  std::vector<Chain> kept;
  const RingPlaces places = bench.driver.places();
  bench.driver.chain().readable("x").available();
  // The same head again and again, although it has not come back.
  for (std::uint16_t i = 0; i < 16; ++i) {
    const std::uint16_t head = 0;
    REQUIRE(bench.memory.store(places.driver_area + split::ring_offset + 2u * i, head));
  }
  for (std::uint16_t available = 16; available <= 48; available += 16) {
    REQUIRE(bench.memory.store(places.driver_area + split::index_offset, available));
    bench.loop.run(wait_for_a_kick(bench));
    while (auto chain = bench.queue.pop()) kept.push_back(std::move(*chain));
  }
  CHECK(kept.size() == 16);
  CHECK(bench.broken_queues.size() == 1);
}
