// A driver that asks a disk for anything, and a disk that fails when it likes.
//
// Input: a byte for what the disk is like, one for what fails; then requests: a byte for how the
// driver cuts its buffers, one for the room it leaves, one for how many bytes it has to read, and
// these.

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <map>
#include <span>

#include "tests/devices/virtio/block_bench.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace devices::virtio;
using Input = std::span<const std::byte>;

constexpr std::array<std::uint32_t, 8> rooms{0, 1, 2, 21, 512, 513, 1025, 4097};
constexpr std::size_t most_requests = 64;
/// The driver's ring has 16 descriptors, and a chain that is not indirect takes up to 6.
constexpr int most_at_once = 2;

std::uint8_t take_byte(Input& input) {
  if (input.empty()) return 0;
  const auto byte = std::to_integer<std::uint8_t>(input.front());
  input = input.subspan(1);
  return byte;
}

struct Lent {
  std::uint16_t id;
  std::uint32_t room_bytes;
};

Lent lend(FakeDriver& driver, Input& input) {
  const std::uint8_t shape = take_byte(input);
  const std::uint32_t room_bytes = rooms[take_byte(input) % rooms.size()];
  const std::size_t size_bytes = std::min<std::size_t>(take_byte(input), input.size());
  const Input bytes = input.first(size_bytes);
  input = input.subspan(size_bytes);
  const std::size_t cut = std::min<std::size_t>(shape & 31, size_bytes);
  FakeDriver::Chain chain = driver.chain();
  chain.readable(bytes.first(cut)).readable(bytes.subspan(cut));
  const std::uint32_t room_cut = (shape & 32) != 0 ? room_bytes / 3 : 0;
  chain.writable(room_cut).writable(room_bytes - room_cut);
  if ((shape & 64) != 0) chain.indirect();
  return {chain.available(), room_bytes};
}

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
      const Lent chain = lend(bench.queue.driver, input);
      require(lent.emplace(chain.id, chain.room_bytes).second);
      bench.queue.doorbell.notify();
    }
    while (lent.size() >= most_at_once || (input.empty() && !lent.empty())) {
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
