// A driver that asks a disk for anything, and a disk that fails when it likes.
//
// Input: a byte for what the disk is like, one for what fails; then chains (lent_chain.hpp).

#include <cerrno>
#include <cstdint>
#include <map>

#include "tests/devices/virtio/block_bench.hpp"
#include "tests/fuzz/lent_chain.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace devices::virtio;
constexpr std::size_t most_requests = 64;

void check(BlockBench& bench, const std::map<std::uint16_t, std::uint32_t>& rooms_of,
           const FakeDriver::Used& used) {
  const auto room = rooms_of.find(used.id);
  require(room != rooms_of.end());
  require(used.written_bytes <= room->second);
  if (room->second == 0) return;
  const Bytes written = bench.queue.driver.written(used.id);
  require(static_cast<std::uint8_t>(written.back()) <= 2);
}

runtime::Task<> ask(BlockBench& bench, Input input) {
  std::map<std::uint16_t, std::uint32_t> lent;
  for (std::size_t i = 0; i < most_requests && !(input.empty() && lent.empty()); ++i) {
    if (!input.empty()) {
      const LentChain chain = lend_chain(bench.queue.driver, input);
      require(lent.emplace(chain.id, chain.room_bytes).second);
      bench.queue.doorbell.notify();
    }
    while (lent.size() >= LentChain::most_at_once || (input.empty() && !lent.empty())) {
      while (const auto used = bench.queue.driver.take_used()) {
        check(bench, lent, *used);
        lent.erase(used->id);
      }
      co_await runtime::yield();
    }
  }
}

void prepare(BlockBench& bench, std::uint8_t kind, std::uint8_t failures) {
  if ((kind & 1) != 0) bench.disk.mode = devices::storage::Access::ReadOnly;
  bench.disk.discards = (kind & 2) != 0;
  bench.disk.cached = (kind & 8) != 0;
  Features accepted = bench.block.features();
  if ((kind & 4) != 0) accepted.clear(block::flush);
  bench.block.activate(accepted);
  if ((failures & 1) != 0) bench.disk.read_error = EIO;
  if ((failures & 2) != 0) bench.disk.write_error = ENOSPC;
  if ((failures & 4) != 0) bench.disk.flush_error = EIO;
  if ((failures & 8) != 0) bench.disk.discard_error = EIO;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  runtime::log::set_level(runtime::log::Level::Error);
  Input input = std::as_bytes(std::span{data, size_bytes});
  const std::uint8_t kind = take_byte(input);
  const std::uint8_t failures = take_byte(input);
  BlockBench bench{RingBench::all_formats()[(kind >> 4) % 4]};
  prepare(bench, kind, failures);
  bench.run(ask(bench, input));
  require(!bench.queue.is_broken);
  require(bench.disk.beyond == 0);
  if (bench.disk.mode == devices::storage::Access::ReadOnly) {
    require(bench.disk.bytes == bench.image);
    require(bench.disk.writes == 0 && bench.disk.discarded.empty());
  }
  return 0;
}
