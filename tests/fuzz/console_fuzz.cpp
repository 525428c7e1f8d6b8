// A driver that lends a console any chains, to print or to be typed into.
//
// Input: a byte for the ring and which of the queues; then chains (lent_chain.hpp).

#include <cstdint>
#include <string>

#include "devices/virtio/console.hpp"
#include "tests/devices/virtio/queue_bench.hpp"
#include "tests/fuzz/lent_chain.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/memory_stream.hpp"

namespace {

using namespace devices::virtio;
using runtime::Task;

constexpr std::size_t most_chains = 64;
constexpr std::uint16_t receive_queue = 0, transmit_queue = 1;

std::string text_of(Input bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// All that is lent to be read comes out, in order; what has not been said yet by the end, then.
Task<> print(QueueBench& bench, Console& console, const MemoryStream& stream, Input input) {
  std::string expected;
  std::size_t lent = 0;
  for (std::size_t i = 0; i < most_chains && !input.empty(); ++i) {
    if (lent == LentChain::most_at_once) {
      const FakeDriver::Used used = co_await bench.next_used();
      require(used.written_bytes == 0);
      --lent;
    }
    expected += text_of(lend_chain(bench.driver, input).readable);
    ++lent;
    bench.ring();
  }
  co_await console.drain();
  require(stream.output() == expected);
  require(console.sent_bytes() == expected.size());
}

/// Chains come back in order, as full as what is typed allows.
Task<> type(QueueBench& bench, MemoryStream& stream, Input input) {
  std::string typed;
  std::string arrived;
  for (std::size_t i = 0; i < most_chains && !input.empty(); ++i) {
    const std::string more(1 + take_byte(input), static_cast<char>('a' + i % 26));
    const LentChain chain = lend_chain(bench.driver, input);
    if (chain.room_bytes != 0) {
      stream.type(more);
      typed += more;
    }
    bench.ring();
    const FakeDriver::Used used = co_await bench.next_used();
    require(used.id == chain.id);
    require(used.written_bytes <= chain.room_bytes);
    require((used.written_bytes == 0) == (chain.room_bytes == 0));
    arrived += bench.driver.written_text(chain.id).substr(0, used.written_bytes);
  }
  require(typed.starts_with(arrived));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  Input input = std::as_bytes(std::span{data, size_bytes});
  const std::uint8_t kind = take_byte(input);
  const std::uint16_t queue = (kind & 1) != 0 ? transmit_queue : receive_queue;
  QueueBench bench{RingBench::all_formats()[(kind >> 4) % 4], queue};
  MemoryStream stream{bench.loop.executor()};
  Console console{bench.loop.executor(), stream, {}};
  bench.run(console, queue == transmit_queue ? print(bench, console, stream, input)
                                             : type(bench, stream, input));
  require(!bench.is_broken);
  return 0;
}
