// A disk device on a disk in memory, with a driver that asks it for things.
#pragma once

#include "devices/virtio/block.hpp"
#include "tests/devices/storage/disk_bench.hpp"
#include "tests/devices/virtio/queue_bench.hpp"
#include "tests/support/memory_disk.hpp"

struct BlockBench {
  using Header = devices::virtio::block::Header;
  using RequestType = devices::virtio::block::RequestType;
  using Segment = devices::virtio::block::Segment;
  using Status = devices::virtio::block::Status;

  static constexpr std::uint64_t sectors = 64;

  struct Answer {
    Status status;
    std::uint32_t written_bytes;
    Bytes data;
  };

  explicit BlockBench(devices::virtio::Features format = RingBench::all_formats()[0])
      : queue{format} {
    disk.bytes = image;
    block.activate(block.features());
  }

  static FakeDriver::Chain& put_header(FakeDriver::Chain& chain, RequestType type,
                                       std::uint64_t sector) {
    return chain.readable_value(Header{type, 0, sector});
  }

  /// Lends the chain, which ends with a status byte, and waits for it.
  runtime::Task<Answer> ask(FakeDriver::Chain& chain) {
    const std::uint16_t id = co_await queue.ask(chain);
    Bytes data = queue.driver.written(id);
    const auto status = static_cast<Status>(data.back());
    data.pop_back();
    co_return Answer{status, queue.last_written_bytes, std::move(data)};
  }
  runtime::Task<Answer> read(std::uint64_t sector, std::uint32_t size_bytes) {
    FakeDriver::Chain chain = queue.driver.chain();
    co_return co_await ask(
        put_header(chain, RequestType::In, sector).writable(size_bytes).writable(1));
  }
  runtime::Task<Answer> write(std::uint64_t sector, Bytes bytes) {
    FakeDriver::Chain chain = queue.driver.chain();
    co_return co_await ask(put_header(chain, RequestType::Out, sector).readable(bytes).writable(1));
  }
  /// Of any other type, with this to read.
  runtime::Task<Answer> send(RequestType type, Bytes bytes = {}) {
    FakeDriver::Chain chain = queue.driver.chain();
    co_return co_await ask(put_header(chain, type, 0).readable(bytes).writable(1));
  }
  runtime::Task<Answer> send(RequestType type, std::vector<Segment> segments) {
    const auto bytes = std::as_bytes(std::span{segments});
    return send(type, Bytes(bytes.begin(), bytes.end()));
  }
  /// Plays a script against the device.
  void run(runtime::Task<> script) { queue.run(block, std::move(script)); }

  QueueBench queue;
  Bytes image = pattern(sectors * devices::storage::sector_bytes);
  MemoryDisk disk{sectors * devices::storage::sector_bytes};
  devices::virtio::Block block{disk, {.id = "serial-1", .queues = 1}};
};
