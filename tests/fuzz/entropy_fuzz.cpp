// A driver that lends an entropy device any chains.
//
// Input: a byte for the ring; then chains (lent_chain.hpp).

#include <algorithm>
#include <cstdint>

#include "devices/virtio/entropy.hpp"
#include "tests/devices/virtio/queue_bench.hpp"
#include "tests/fuzz/lent_chain.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace devices::virtio;

constexpr std::size_t most_chains = 64;
/// More it does not give at once.
constexpr std::uint32_t most_bytes = 4096;

runtime::Task<> ask(QueueBench& bench, Input input) {
  for (std::size_t i = 0; i < most_chains && !input.empty(); ++i) {
    const LentChain chain = lend_chain(bench.driver, input);
    bench.ring();
    const FakeDriver::Used used = co_await bench.next_used();
    require(used.id == chain.id);
    require(used.written_bytes == std::min(chain.room_bytes, most_bytes));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  Input input = std::as_bytes(std::span{data, size_bytes});
  QueueBench bench{RingBench::all_formats()[take_byte(input) % 4]};
  Entropy device;
  bench.run(device, ask(bench, input));
  require(!bench.is_broken);
  return 0;
}
