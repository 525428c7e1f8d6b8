#include "devices/virtio/block.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "runtime/scope.hpp"
#include "tests/devices/virtio/block_bench.hpp"
#include "tests/support/log_capture.hpp"

using namespace devices::virtio;
using devices::storage::Access;
using runtime::Scope;
using runtime::Task;
using Answer = BlockBench::Answer;
using Range = MemoryDisk::Range;
using Segment = block::Segment;
using Status = block::Status;
using RequestType = block::RequestType;

namespace {

constexpr std::uint64_t sector = devices::storage::sector_bytes;

/// g++ 12 has no braces around lists in an operand of co_await.
template <typename... Each>
std::vector<Segment> of(Each... each) {
  return {each...};
}

block::Config config_of(const Block& device) {
  block::Config config{};
  device.read_config(0, std::as_writable_bytes(std::span{&config, 1}));
  return config;
}

void choose_cache(Block& device, bool on) {
  const std::array byte{on ? std::byte{1} : std::byte{0}};
  device.write_config(offsetof(block::Config, writeback), byte);
}

Bytes slice(const Bytes& bytes, std::uint64_t first_sector, std::uint64_t count) {
  const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(first_sector * sector);
  return {begin, begin + static_cast<std::ptrdiff_t>(count * sector)};
}

Task<> reads_and_writes(BlockBench& bench) {
  const Answer first = co_await bench.read(3, 2 * sector);
  CHECK(first.status == Status::Ok);
  CHECK(first.written_bytes == 2 * sector + 1);
  CHECK(first.data == slice(bench.image, 3, 2));

  const Bytes bytes = pattern(3 * sector, 7);
  const Answer written = co_await bench.write(61, bytes);  // up to the very end
  CHECK(written.status == Status::Ok);
  CHECK(written.written_bytes == 1);
  CHECK(slice(bench.disk.bytes, 61, 3) == bytes);

  const Answer again = co_await bench.read(61, 3 * sector);
  CHECK(again.data == bytes);
}

Task<> cuts_requests_up(BlockBench& bench) {
  // 2.6.4.2: where the driver cuts its buffers means nothing.
  const block::Header header{RequestType::In, 0, 1};
  const auto bytes = std::as_bytes(std::span{&header, 1});
  FakeDriver::Chain chain = bench.queue.driver.chain();
  chain.readable(bytes.first(3)).readable(bytes.subspan(3)).writable(100).writable(412 + 1);
  const Answer answer = co_await bench.ask(chain.indirect());
  CHECK(answer.status == Status::Ok);
  CHECK(answer.written_bytes == sector + 1);
  CHECK(answer.data == slice(bench.image, 1, 1));

  const Bytes data = pattern(sector, 5);
  FakeDriver::Chain one = bench.queue.driver.chain();
  const block::Header out{RequestType::Out, 0, 2};
  Bytes all(sizeof out + data.size());
  std::memcpy(all.data(), &out, sizeof out);
  std::ranges::copy(data, all.begin() + sizeof out);
  const Answer written = co_await bench.ask(one.readable(all).writable(1));
  CHECK(written.status == Status::Ok);
  CHECK(slice(bench.disk.bytes, 2, 1) == data);
}

Task<> gives_its_id(BlockBench& bench) {
  FakeDriver::Chain chain = bench.queue.driver.chain();
  const Answer answer = co_await bench.ask(
      BlockBench::put_header(chain, RequestType::GetId, 0).writable(20).writable(1));
  CHECK(answer.status == Status::Ok);
  CHECK(answer.written_bytes == 21);
  CHECK(std::string{reinterpret_cast<const char*>(answer.data.data())} == "serial-1");
}

Task<> asks_wrongly(BlockBench& bench) {
  const auto is_error = [](const Answer& answer) {
    return answer.status == Status::IoError && (answer.data.empty() || answer.written_bytes == 0);
  };
  // Beyond the end, wholly or in part, and where sums wrap.
  for (const std::uint64_t at :
       {std::uint64_t{64}, std::uint64_t{63}, ~std::uint64_t{0}, std::uint64_t{1} << 55}) {
    const Answer read = co_await bench.read(at, 2 * sector);
    CHECK(is_error(read));
    const Answer write = co_await bench.write(at, Bytes(2 * sector));
    CHECK(is_error(write));
  }
  // No whole sectors.
  const Answer odd_read = co_await bench.read(0, 511);
  CHECK(is_error(odd_read));
  const Answer odd_write = co_await bench.write(0, Bytes(513));
  CHECK(is_error(odd_write));
  // No whole header, and none at all.
  FakeDriver::Chain half = bench.queue.driver.chain();
  const Answer short_header = co_await bench.ask(half.readable("15 bytes of it.").writable(1));
  CHECK(is_error(short_header));
  FakeDriver::Chain none = bench.queue.driver.chain();
  const Answer no_header = co_await bench.ask(none.writable(600));
  CHECK(is_error(no_header));
  // Types we do not know, secure erase and lifetimes among them.
  for (const std::uint32_t type : {2u, 10u, 14u, 0xFFFF'FFFFu}) {
    const Answer unknown = co_await bench.send(static_cast<RequestType>(type));
    CHECK(unknown.status == Status::Unsupported);
  }
  // Nowhere to put the status: it comes back, and that is all.
  FakeDriver::Chain mute = bench.queue.driver.chain();
  (void)co_await bench.queue.ask(
      BlockBench::put_header(mute, RequestType::Out, 0).readable(Bytes(sector)));
  CHECK(bench.queue.last_written_bytes == 0);
}

Task<> asks_for_too_little_room(BlockBench& bench) {
  const Answer nothing = co_await bench.read(64, 0);
  CHECK(nothing.status == Status::Ok);
  FakeDriver::Chain chain = bench.queue.driver.chain();
  const Answer id = co_await bench.ask(
      BlockBench::put_header(chain, RequestType::GetId, 0).writable(6).writable(1));
  CHECK(id.written_bytes == 7);
}

}  // namespace

TEST_CASE("virtio block: reads and writes, in every ring format", "[devices][virtio]") {
  BlockBench bench{GENERATE(from_range(RingBench::all_formats()))};
  bench.run(reads_and_writes(bench));
}

TEST_CASE("virtio block: buffers may be cut anywhere", "[devices][virtio]") {
  BlockBench bench{GENERATE(from_range(RingBench::all_formats()))};
  bench.run(cuts_requests_up(bench));
}

TEST_CASE("virtio block: its id is its serial number", "[devices][virtio]") {
  BlockBench bench;
  bench.run(gives_its_id(bench));
}

TEST_CASE("virtio block: it fills as much room as there is", "[devices][virtio]") {
  BlockBench bench;
  bench.run(asks_for_too_little_room(bench));
}

TEST_CASE("virtio block: wrong requests get a status and change nothing", "[devices][virtio]") {
  BlockBench bench{GENERATE(from_range(RingBench::all_formats()))};
  bench.run(asks_wrongly(bench));
  CHECK(bench.disk.bytes == bench.image);
  CHECK_FALSE(bench.queue.is_broken);
}

TEST_CASE("virtio block: configuration says what the disk is", "[devices][virtio]") {
  BlockBench bench;
  const block::Config config = config_of(bench.block);
  CHECK(config.capacity_sectors == 64);
  CHECK(config.seg_max == 254);
  CHECK(config.blk_size_bytes == 512);
  CHECK(config.topology.physical_block_exp == 3);
  CHECK(config.writeback == 1);
  CHECK(config.num_queues == 1);
  CHECK(config.write_zeroes_may_unmap == 1);
  const Block wide{bench.disk, {.id = "", .queues = 4}};
  CHECK(wide.queue_sizes().size() == 4);
  CHECK(config_of(wide).num_queues == 4);
}

TEST_CASE("virtio block: features follow the disk", "[devices][virtio]") {
  BlockBench bench;
  CHECK(bench.block.features().has_all({block::discard, block::write_zeroes, block::flush}));
  CHECK_FALSE(bench.block.features().has(block::read_only));
  bench.disk.discards = false;
  CHECK_FALSE(bench.block.features().has(block::discard));
  CHECK(config_of(bench.block).write_zeroes_may_unmap == 0);
  bench.disk.mode = Access::ReadOnly;
  CHECK(bench.block.features().has(block::read_only));
  CHECK_FALSE(bench.block.features().has_any({block::discard, block::write_zeroes}));
}

namespace {

Task<> writes_in_vain(BlockBench& bench) {
  const Answer write = co_await bench.write(0, Bytes(sector));
  CHECK(write.status == Status::IoError);
  for (const RequestType type : {RequestType::Discard, RequestType::WriteZeroes}) {
    const Answer answer = co_await bench.send(type, of(Segment{0, 1, 0}));
    CHECK(answer.status == Status::Unsupported);
  }
  const Answer read = co_await bench.read(0, sector);
  CHECK(read.status == Status::Ok);
}

Task<> discards(BlockBench& bench) {
  const Answer two =
      co_await bench.send(RequestType::Discard, of(Segment{0, 8, 0}, Segment{16, 4, 0}));
  CHECK(two.status == Status::Ok);
  CHECK(bench.disk.discarded == std::vector<Range>{{0, 8 * sector}, {16 * sector, 4 * sector}});
  const Answer zeroes =
      co_await bench.send(RequestType::WriteZeroes, of(Segment{1, 2, 0}, Segment{60, 4, 1}));
  CHECK(zeroes.status == Status::Ok);
  CHECK(bench.disk.zeroed == std::vector<Range>{{sector, 2 * sector}});
  CHECK(bench.disk.unmapped == std::vector<Range>{{60 * sector, 4 * sector}});
}

Task<> zeroes_much(BlockBench& bench) {
  const auto most = std::vector<Segment>(Block::most_segments, Segment{0, 1, 0});
  const Answer answer = co_await bench.send(RequestType::WriteZeroes, most);
  CHECK(answer.status == Status::Ok);
}

Task<> discards_wrongly(BlockBench& bench) {
  for (const RequestType type : {RequestType::Discard, RequestType::WriteZeroes}) {
    // One that is wrong behind one that is right.
    const Answer beyond = co_await bench.send(type, of(Segment{0, 1, 0}, Segment{60, 5, 0}));
    CHECK(beyond.status == Status::IoError);
    const Answer wrapped = co_await bench.send(type, of(Segment{~std::uint64_t{0}, 2, 0}));
    CHECK(wrapped.status == Status::IoError);
    const Answer huge = co_await bench.send(type, of(Segment{0, 0xFFFF'FFFF, 0}));
    CHECK(huge.status == Status::IoError);
    const Answer too_many = co_await bench.send(type, std::vector(33, Segment{0, 1, 0}));
    CHECK(too_many.status == Status::IoError);
    const Answer none = co_await bench.send(type);
    CHECK(none.status == Status::IoError);
    const Answer odd = co_await bench.send(type, Bytes(17));
    CHECK(odd.status == Status::IoError);
    const Answer flags = co_await bench.send(type, of(Segment{0, 1, 0}, Segment{0, 1, 2}));
    CHECK(flags.status == Status::Unsupported);
  }
  const Answer unmap = co_await bench.send(RequestType::Discard, of(Segment{0, 1, Segment::unmap}));
  CHECK(unmap.status == Status::Unsupported);
  CHECK(bench.disk.discarded.empty());
  CHECK(bench.disk.zeroed.empty());
  CHECK(bench.disk.unmapped.empty());
}

}  // namespace

TEST_CASE("virtio block: a disk that is only read refuses the rest", "[devices][virtio]") {
  BlockBench bench;
  bench.disk.mode = Access::ReadOnly;
  bench.block.activate(bench.block.features());
  bench.run(writes_in_vain(bench));
  CHECK(bench.disk.writes == 0);
}

TEST_CASE("virtio block: discards and writes zeroes, segment by segment", "[devices][virtio]") {
  BlockBench bench;
  bench.run(discards(bench));
}

TEST_CASE("virtio block: a list with a wrong segment changes nothing", "[devices][virtio]") {
  BlockBench bench;
  bench.run(discards_wrongly(bench));
}

TEST_CASE("virtio block: as many segments as there may be", "[devices][virtio]") {
  BlockBench bench;
  bench.run(zeroes_much(bench));
  CHECK(bench.disk.zeroed.size() == Block::most_segments);
}

namespace {

Task<> flushes(BlockBench& bench, int per_write) {
  (void)co_await bench.write(0, Bytes(sector));
  CHECK(bench.disk.flushes == per_write);
  (void)co_await bench.send(RequestType::WriteZeroes, of(Segment{0, 1, 0}));
  CHECK(bench.disk.flushes == 2 * per_write);
  const Answer flush = co_await bench.send(RequestType::Flush);
  CHECK(flush.status == Status::Ok);
  CHECK(bench.disk.flushes == 2 * per_write + 1);
}

Task<> meets_failures(BlockBench& bench) {
  const Answer read = co_await bench.read(0, sector);
  const Answer write = co_await bench.write(0, Bytes(sector));
  const Answer flush = co_await bench.send(RequestType::Flush);
  const Answer discard = co_await bench.send(RequestType::Discard, of(Segment{0, 1, 0}));
  CHECK(read.status == Status::IoError);
  CHECK(read.written_bytes == 0);
  CHECK(write.status == Status::IoError);
  CHECK(flush.status == Status::IoError);
  CHECK(discard.status == Status::IoError);
}

}  // namespace

TEST_CASE("virtio block: without a cache each write ends with a flush", "[devices][virtio]") {
  BlockBench bench;
  SECTION("there is one") {
    bench.run(flushes(bench, 0));
  }
  SECTION("the driver turns it off, and on again") {
    choose_cache(bench.block, false);
    CHECK(config_of(bench.block).writeback == 0);
    bench.run(flushes(bench, 1));
    choose_cache(bench.block, true);
    CHECK(config_of(bench.block).writeback == 1);
  }
  SECTION("the driver cannot flush") {
    bench.block.activate(bench.block.features() - Features{block::flush});
    CHECK(config_of(bench.block).writeback == 0);
    bench.run(flushes(bench, 1));
  }
}

TEST_CASE("virtio block: only one byte of its configuration can be written", "[devices][virtio]") {
  BlockBench bench;
  const block::Config before = config_of(bench.block);
  const Bytes zeroes(200);
  bench.block.write_config(0, std::span{zeroes}.first(32));
  bench.block.write_config(33, zeroes);
  bench.block.write_config(~std::uint64_t{0}, zeroes);
  CHECK(std::memcmp(&before, std::array{config_of(bench.block)}.data(), sizeof before) == 0);
  bench.block.write_config(0, zeroes);
  CHECK(config_of(bench.block).writeback == 0);
}

TEST_CASE("virtio block: what the host refuses is the guest's status", "[devices][virtio]") {
  BlockBench bench;
  bench.disk.read_error = EIO;
  bench.disk.write_error = ENOSPC;
  bench.disk.flush_error = EIO;
  bench.disk.discard_error = EIO;
  LogCapture log;
  bench.run(meets_failures(bench));
  const std::string lines = log.finish();
  CHECK(lines.starts_with("mayfly: warning: disk 'serial-1': "));
  CHECK(std::ranges::count(lines, '\n') == 4);
}

namespace {

Task<> fails_often(BlockBench& bench) {
  for (int i = 0; i < 100; ++i) (void)co_await bench.send(RequestType::Flush);
}

}  // namespace

TEST_CASE("virtio block: a disk that fails again and again is mentioned ten times",
          "[devices][virtio]") {
  BlockBench bench;
  bench.disk.flush_error = EIO;
  LogCapture log;
  bench.run(fails_often(bench));
  CHECK(std::ranges::count(log.finish(), '\n') <= 20);  // a second may end meanwhile
}

namespace {

/// Lends `count` reads at once, and lets them go on when all have reached the disk.
Task<> reads_at_once(BlockBench& bench, int count) {
  bench.disk.held = true;
  for (int i = 0; i < count; ++i) {
    FakeDriver::Chain chain = bench.queue.driver.chain();
    (void)BlockBench::put_header(chain, RequestType::In, 0)
        .writable(sector)
        .writable(1)
        .indirect()
        .available();
  }
  bench.queue.doorbell.notify();
  while (bench.disk.reads < count) co_await runtime::yield();
  bench.disk.held = false;
  // The queue is closed behind this script: what is in flight is still answered.
}

int returned(BlockBench& bench) {
  int count = 0;
  while (bench.queue.driver.take_used()) ++count;
  return count;
}

Task<> stop_when_reading(BlockBench& bench, Scope& scope) {
  FakeDriver::Chain chain = bench.queue.driver.chain();
  (void)BlockBench::put_header(chain, RequestType::In, 0).writable(512).writable(1).available();
  bench.queue.doorbell.notify();
  while (bench.disk.reads == 0) co_await runtime::yield();
  scope.request_stop();
}

class Listener final : public ConfigListener {
 public:
  explicit Listener(runtime::Executor executor) : changed{executor} {}
  void config_changed() noexcept override { changed.notify(); }
  runtime::Event changed;
};

Task<> grows(BlockBench& bench, Listener& listener, Scope& scope) {
  bench.disk.bytes.resize(80 * sector);
  co_await listener.changed.wait();
  CHECK(config_of(bench.block).capacity_sectors == 80);
  scope.request_stop();
}

Task<> reads_new_sectors(BlockBench& bench) {
  const Answer answer = co_await bench.read(79, sector);
  CHECK(answer.status == Status::Ok);
}

}  // namespace

TEST_CASE("virtio block: the requests of one queue run side by side, and closing drains them",
          "[devices][virtio]") {
  BlockBench bench;
  bench.run(reads_at_once(bench, 16));
  CHECK(returned(bench) == 16);
}

TEST_CASE("virtio block: stopping leaves what is in flight unanswered", "[devices][virtio]") {
  BlockBench bench;
  bench.disk.held = true;
  bench.queue.loop.run(runtime::with_scope([&](Scope& scope) {
    scope.spawn(bench.block.serve(bench.queue.queue));
    scope.spawn(stop_when_reading(bench, scope));
  }));
  CHECK(returned(bench) == 0);
}

TEST_CASE("virtio block: a disk that has grown is told of, and used", "[devices][virtio]") {
  BlockBench bench;
  Listener listener{bench.queue.loop.executor()};
  bench.block.listen(listener);
  bench.queue.loop.run(runtime::with_scope([&](Scope& scope) {
    scope.spawn(bench.block.run());
    scope.spawn(grows(bench, listener, scope));
  }));
  bench.run(reads_new_sectors(bench));
}

TEST_CASE("virtio block: a disk that cannot be watched is only mentioned", "[devices][virtio]") {
  BlockBench bench;
  bench.disk.watch_error = EMFILE;
  LogCapture log;
  bench.queue.loop.run(bench.block.run());
  CHECK(
      log.finish().starts_with("mayfly: warning: disk 'serial-1': a new size will not be noticed"));
}
