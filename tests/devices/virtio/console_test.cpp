#include "devices/virtio/console.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/devices/virtio/queue_bench.hpp"
#include "tests/support/memory_stream.hpp"

using namespace devices::virtio;
using runtime::Task;

namespace {

constexpr std::uint16_t receive_queue = 0, transmit_queue = 1;

Task<> prints(QueueBench& bench) {
  (void)co_await bench.ask(bench.driver.chain().readable("several ").readable("buffers, "));
  (void)co_await bench.ask(bench.driver.chain().readable("one table").indirect());
  (void)co_await bench.ask(bench.driver.chain().writable(4));  // nothing to say
}

Task<> types(QueueBench& bench, MemoryStream& stream) {
  stream.type("typed");
  const auto id = co_await bench.ask(bench.driver.chain().writable(3).writable(16));
  CHECK(bench.last_written_bytes == 3);
  CHECK(bench.driver.written_text(id).substr(0, 3) == "typ");
  const auto next = co_await bench.ask(bench.driver.chain().writable(16));
  CHECK(bench.driver.written_text(next).substr(0, 2) == "ed");
  CHECK(bench.last_written_bytes == 2);
  // A chain with no room in it goes back at once, whatever is typed.
  (void)co_await bench.ask(bench.driver.chain().readable("x"));
  CHECK(bench.last_written_bytes == 0);
}

Task<> prints_a_lot(QueueBench& bench) {
  co_await runtime::yield();
  if (bench.driver.features().has(Feature::EventIndex)) bench.driver.want_interrupt_after(0);
  const int before = bench.interrupts;
  for (int i = 0; i < 8; ++i) {
    bench.driver.chain().readable("line\n").available();
    bench.ring();
    CHECK(bench.driver.take_used());  // no task has run meanwhile
  }
  CHECK(bench.interrupts == before);
  while (bench.interrupts == before) co_await runtime::yield();
  CHECK(bench.interrupts == before + 1);
}

Task<> prints_twice(QueueBench& bench) {
  co_await prints_a_lot(bench);
  co_await prints_a_lot(bench);
}

Task<> drains(QueueBench& bench, Console& console) {
  for (int i = 0; i < 5; ++i) bench.driver.chain().readable("x").available();
  co_await console.drain();  // nobody rang
}

class Listener final : public ConfigListener {
 public:
  void config_changed() noexcept override { ++changes; }
  int changes = 0;
};

std::uint16_t config_word(const Console& console, std::uint64_t offset) {
  std::uint16_t value = 0;
  console.read_config(offset, std::as_writable_bytes(std::span{&value, 1}));
  return value;
}

}  // namespace

TEST_CASE("virtio console: what the guest sends arrives whole and in order", "[devices][virtio]") {
  QueueBench bench{GENERATE(from_range(RingBench::all_formats())), transmit_queue};
  MemoryStream stream{bench.loop.executor()};
  Console console{bench.loop.executor(), stream, {}};
  CHECK_FALSE(console.first_byte_sent_at());
  bench.run(console, prints(bench));
  CHECK(stream.output() == "several buffers, one table");
  CHECK(console.sent_bytes() == stream.output().size());
  CHECK(console.first_byte_sent_at());
}

TEST_CASE("virtio console: output comes back at once, with an interrupt for all of it",
          "[devices][virtio]") {
  QueueBench bench{GENERATE(from_range(RingBench::all_formats())), transmit_queue};
  MemoryStream stream{bench.loop.executor()};
  Console console{bench.loop.executor(), stream, {}};
  bench.run(console, prints_twice(bench));
}

TEST_CASE("virtio console: what is typed fills the driver's buffers", "[devices][virtio]") {
  QueueBench bench{GENERATE(from_range(RingBench::all_formats())), receive_queue};
  MemoryStream stream{bench.loop.executor()};
  Console console{bench.loop.executor(), stream, {}};
  bench.run(console, types(bench, stream));
}

TEST_CASE("virtio console: the end takes along what was never rung for", "[devices][virtio]") {
  QueueBench bench{RingBench::all_formats()[0], transmit_queue};
  MemoryStream stream{bench.loop.executor()};
  Console console{bench.loop.executor(), stream, {}};
  bench.run(console, drains(bench, console));
  CHECK(stream.output() == "xxxxx");
}

TEST_CASE("virtio console: nobody serves it, nothing to drain", "[devices][virtio]") {
  TestLoop loop;
  MemoryStream stream{loop.executor()};
  Console console{loop.executor(), stream, {}};
  loop.run(console.drain());
}

TEST_CASE("virtio console: its size is configuration, and changes are told", "[devices][virtio]") {
  TestLoop loop;
  MemoryStream stream{loop.executor()};
  Listener listener;
  Console console{loop.executor(), stream, ConsoleSize{.columns = 80, .rows = 25}};
  console.listen(listener);
  CHECK((console.features().raw() & 1) == 1);
  CHECK(config_word(console, 0) == 80);
  CHECK(config_word(console, 2) == 25);
  console.resize({.columns = 80, .rows = 25});
  CHECK(listener.changes == 0);
  console.resize({.columns = 132, .rows = 43});
  CHECK(listener.changes == 1);
  CHECK(config_word(console, 0) == 132);
  CHECK(config_word(console, 2) == 43);
  CHECK(config_word(console, 12) == 0);
}

TEST_CASE("virtio console: without a terminal it has no size", "[devices][virtio]") {
  TestLoop loop;
  MemoryStream stream{loop.executor()};
  Listener listener;
  Console console{loop.executor(), stream, {}};
  console.listen(listener);
  CHECK((console.features().raw() & 1) == 0);
  console.resize({.columns = 132, .rows = 43});
  CHECK(listener.changes == 0);
}
