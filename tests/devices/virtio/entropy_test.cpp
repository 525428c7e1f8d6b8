#include "devices/virtio/entropy.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/devices/virtio/queue_bench.hpp"

using namespace devices::virtio;
using runtime::Task;

namespace {

Task<> asks_for_bytes(QueueBench& bench) {
  const auto id = co_await bench.ask(bench.driver.chain().writable(64).writable(64));
  const auto bytes = bench.driver.written(id);
  CHECK(bench.last_written_bytes == 128);
  // 128 zeroes in a row come once in 2^1024 times.
  CHECK(std::ranges::any_of(bytes, [](std::byte byte) { return byte != std::byte{0}; }));
  (void)co_await bench.ask(bench.driver.chain().writable(100000));
  CHECK(bench.last_written_bytes == 4096);
  (void)co_await bench.ask(bench.driver.chain().readable("nothing to write to"));
  CHECK(bench.last_written_bytes == 0);
}

}  // namespace

TEST_CASE("virtio-rng: gives random bytes, some of many", "[devices][virtio]") {
  Entropy device;
  QueueBench bench;
  bench.run(device, asks_for_bytes(bench));
}
