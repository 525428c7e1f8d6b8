// Reads that need no waiting, which a disk device answers without a task.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "runtime/units.hpp"
#include "tests/devices/virtio/block_bench.hpp"

using namespace devices::virtio;
using namespace runtime::literals;
using devices::storage::sector_bytes;
using runtime::Task;
using Answer = BlockBench::Answer;
using Status = block::Status;
using RequestType = block::RequestType;

namespace {

constexpr int some = 5;

Task<> reads_one(BlockBench& bench) {
  const Answer answer = co_await bench.read(3, 2 * sector_bytes);
  CHECK(answer.status == Status::Ok);
  CHECK(answer.written_bytes == 2 * sector_bytes + 1);
  CHECK(answer.data ==
        Bytes(bench.image.begin() + 3 * sector_bytes, bench.image.begin() + 5 * sector_bytes));
  CHECK(bench.disk.cached_reads == 1);
  CHECK(bench.disk.reads == 0);
}

Task<> reads_beyond(BlockBench& bench) {
  const Answer answer = co_await bench.read(BlockBench::sectors, sector_bytes);
  CHECK(answer.status == Status::IoError);
  CHECK(bench.disk.cached_reads == 0);
}

/// Several are there when the device is rung.
Task<> reads_some(BlockBench& bench) {
  for (int i = 0; i < some; ++i) {
    FakeDriver::Chain chain = bench.queue.driver.chain();
    BlockBench::put_header(chain, RequestType::In, 0).writable(sector_bytes).writable(1);
    (void)chain.available();
  }
  bench.queue.ring();
  for (int used = 0; used < some; ++used) (void)co_await bench.queue.next_used();
}

constexpr std::uint32_t much_bytes = 512_KiB;

/// All of whose disk is in the host's memory.
struct CachedBlock {
  explicit CachedBlock(std::size_t size_bytes) : disk{size_bytes} {
    disk.cached = true;
    block.activate(block.features());
  }
  MemoryDisk disk;
  Block block{disk, {.id = "cached", .queues = 1}};
};

/// Twice as much as one turn copies; what is read ends where the driver's own things do not lie.
Task<> reads_much(QueueBench& bench) {
  constexpr int reads = 4;
  const platform::GuestAddress place{RingBench::memory_bytes - much_bytes};
  for (int i = 0; i < reads; ++i) {
    FakeDriver::Chain chain = bench.driver.chain();
    BlockBench::put_header(chain, RequestType::In, 0)
        .buffer({place, much_bytes, static_cast<std::uint16_t>(DescriptorFlags::Write)})
        .writable(1);
    (void)chain.available();
  }
  bench.ring();
  for (int used = 0; used < reads; ++used) (void)co_await bench.next_used();
}

/// More than what is copied in one turn, by buffers that overlap.
Task<> reads_too_much(QueueBench& bench) {
  const platform::GuestAddress place{RingBench::memory_bytes - much_bytes};
  constexpr auto write = static_cast<std::uint16_t>(DescriptorFlags::Write);
  FakeDriver::Chain chain = bench.driver.chain();
  BlockBench::put_header(chain, RequestType::In, 0);
  for (int i = 0; i < 3; ++i) chain.buffer({place, much_bytes, write});
  (void)co_await bench.ask(chain.writable(1));
  CHECK(bench.last_written_bytes == 3 * much_bytes + 1);
}

}  // namespace

TEST_CASE("virtio block: what is cached is read in place", "[devices][virtio]") {
  BlockBench bench{GENERATE(from_range(RingBench::all_formats()))};
  bench.disk.cached = true;
  SECTION("and answered like any other read") {
    bench.run(reads_one(bench));
  }
  SECTION("but not what lies beyond the end") {
    bench.run(reads_beyond(bench));
  }
}

TEST_CASE("virtio block: reads in place interrupt the driver once", "[devices][virtio]") {
  BlockBench bench{GENERATE(from_range(RingBench::all_formats()))};
  bench.disk.cached = true;
  bench.run(reads_some(bench));
  CHECK(bench.disk.cached_reads == some);
  CHECK(bench.queue.interrupts == 1);
}

TEST_CASE("virtio block: reads in place leave others their turn", "[devices][virtio]") {
  CachedBlock cached{much_bytes};
  QueueBench bench;
  bench.run(cached.block, reads_much(bench));
  CHECK(cached.disk.cached_reads == 4);
  CHECK(bench.interrupts == 2);  // one for each turn
}

TEST_CASE("virtio block: one large read is a task", "[devices][virtio]") {
  CachedBlock cached{3 * much_bytes};
  QueueBench bench;
  bench.run(cached.block, reads_too_much(bench));
  CHECK(cached.disk.cached_reads == 0);
  CHECK(cached.disk.reads == 1);
}
