#include "devices/virtio/mmio_transport.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <thread>

#include "tests/devices/beside.hpp"
#include "tests/devices/fakes.hpp"
#include "tests/devices/virtio/echo_device.hpp"
#include "tests/devices/virtio/ring_bench.hpp"
#include "tests/support/test_loop.hpp"

using namespace devices::virtio;
using runtime::Task;

namespace {

constexpr std::uint32_t acknowledge = 1, driver = 2, driver_ok = 4, features_ok = 8,
                        needs_reset = 64;

struct Bench {
  std::uint32_t read(std::uint64_t offset) { return read_from<std::uint32_t>(transport, offset); }
  void write(std::uint64_t offset, std::uint32_t value) { write_to(transport, offset, value); }

  /// 3.1.1, up to FEATURES_OK.
  void negotiate(Features wanted) {
    write(0x70, 0);
    write(0x70, acknowledge);
    write(0x70, acknowledge | driver);
    write(0x24, 0);
    write(0x20, static_cast<std::uint32_t>(wanted.raw()));
    write(0x24, 1);
    write(0x20, static_cast<std::uint32_t>(wanted.raw() >> 32));
    write(0x70, acknowledge | driver | features_ok);
  }
  void set_up_queue(std::uint32_t index, const RingPlaces& places) {
    write(0x30, index);
    write(0x38, places.size);
    write(0x80, static_cast<std::uint32_t>(places.descriptors.value));
    write(0x84, static_cast<std::uint32_t>(places.descriptors.value >> 32));
    write(0x90, static_cast<std::uint32_t>(places.driver_area.value));
    write(0x94, 0);
    write(0xA0, static_cast<std::uint32_t>(places.device_area.value));
    write(0xA4, 0);
    write(0x44, 1);
  }
  void start(FakeDriver& rings) {
    negotiate(rings.features());
    set_up_queue(0, rings.places());
    write(0x70, read(0x70) | driver_ok);
  }
  int take_interrupts() {
    std::uint64_t count = 0;
    if (::read(interrupts, &count, sizeof count) < 0) return 0;
    return static_cast<int>(count);
  }
  void run(Task<> script) { loop.run(beside(transport.core(), std::move(script))); }

  TestLoop loop;
  platform::GuestMemory memory{std::array{platform::AddressRange{{0}, RingBench::memory_bytes}}};
  EchoDevice device;
  platform::InterruptEdge edge;
  int interrupts = ::dup(edge.native_handle());
  MmioTransport transport{loop.executor(), memory, device, std::move(edge)};
};

constexpr Features plain{Feature::Version1};

Task<std::uint16_t> ask(Bench& bench, FakeDriver& rings, std::string_view question) {
  const auto id = rings.chain().readable(question).writable(16).available();
  bench.write(0x50, 0);
  while (!rings.take_used()) co_await runtime::yield();
  co_return id;
}

Task<> asks_and_is_answered(Bench& bench, FakeDriver& rings) {
  bench.start(rings);
  const auto id = co_await ask(bench, rings, "hello");
  CHECK(rings.written_text(id).substr(0, 5) == "hello");
  CHECK(bench.take_interrupts() >= 1);
  CHECK(bench.read(0x60) == 1);
  bench.write(0x64, 1);
  CHECK(bench.read(0x60) == 0);
}

/// What a vCPU's thread does: it may have to wait for the Loop, so it cannot be the Loop's own.
template <typename Work>
Task<> on_another_thread(TestLoop& loop, Work work) {
  runtime::Event done{loop.executor()};
  std::thread thread{[&] {
    work();
    done.notify();
  }};
  co_await runtime::shielded(done.wait());
  thread.join();
}

Task<> resets_with_chains_in_flight(Bench& bench) {
  for (int round = 0; round < 3; ++round) {
    FakeDriver rings{bench.memory, plain};
    bench.start(rings);
    rings.chain().readable("keep this").writable(4).available();
    bench.write(0x50, 0);
    while (bench.device.kept.empty()) co_await runtime::yield();
    co_await on_another_thread(bench.loop, [&bench] { bench.write(0x70, 0); });
    CHECK(bench.device.serving == 0);
    CHECK(bench.read(0x70) == 0);
    CHECK_FALSE(rings.take_used());
    bench.device.kept.clear();
    bench.write(0x30, 0);
    CHECK(bench.read(0x44) == 0);
  }
  CHECK(bench.device.activations == 3);
}

Task<> resets_one_queue(Bench& bench) {
  const Features agreed = plain | Feature::RingReset;
  FakeDriver first{bench.memory, agreed, 16, {0x10000}};
  FakeDriver second{bench.memory, agreed, 8, {0x20000}};
  bench.negotiate(agreed);
  bench.set_up_queue(0, first.places());
  bench.set_up_queue(1, second.places());
  bench.write(0x70, bench.read(0x70) | driver_ok);
  while (bench.device.serving != 2) co_await runtime::yield();

  bench.write(0x30, 1);
  co_await on_another_thread(bench.loop, [&bench] { bench.write(0xC0, 1); });
  CHECK(bench.device.serving == 1);
  CHECK(bench.read(0xC0) == 0);
  CHECK(bench.read(0x44) == 0);
  (void)co_await ask(bench, first, "the other goes on");

  FakeDriver again{bench.memory, agreed, 8, {0x30000}};
  bench.set_up_queue(1, again.places());
  const auto id = again.chain().readable("back").writable(8).available();
  bench.write(0x50, 1);
  while (!again.take_used()) co_await runtime::yield();
  CHECK(again.written_text(id).substr(0, 4) == "back");
}

Task<> breaks_the_rules(Bench& bench, FakeDriver& rings) {
  bench.start(rings);
  rings.chain().buffer({{RingBench::memory_bytes}, 4, 0}).available();
  bench.write(0x50, 0);
  while ((bench.read(0x70) & needs_reset) == 0) co_await runtime::yield();
  CHECK((bench.read(0x60) & 2) != 0);
  CHECK(bench.take_interrupts() == 1);
  CHECK(bench.read(0xFC) == 1);

  // A reset mends it.
  co_await on_another_thread(bench.loop, [&bench] { bench.write(0x70, 0); });
  FakeDriver fresh{bench.memory, plain};
  bench.start(fresh);
  (void)co_await ask(bench, fresh, "well again");
}

Task<> puts_a_ring_beyond_ram(Bench& bench) {
  bench.negotiate(plain);
  bench.set_up_queue(0, {.size = 16, .descriptors = {RingBench::memory_bytes}});
  bench.write(0x70, bench.read(0x70) | driver_ok);
  while ((bench.read(0x70) & needs_reset) == 0) co_await runtime::yield();
}

Task<> changes_its_configuration(Bench& bench, FakeDriver& rings) {
  bench.device.listener->config_changed();
  CHECK(bench.take_interrupts() == 0);  // nobody is there yet
  bench.start(rings);
  bench.device.listener->config_changed();
  CHECK(bench.take_interrupts() == 1);
  CHECK(bench.read(0x60) == 2);
  CHECK(bench.read(0xFC) == 2);
  co_return;
}

Task<> start_and_wait_for_service(Bench& bench, FakeDriver& rings) {
  bench.start(rings);
  while (bench.device.serving != 1) co_await runtime::yield();
}

}  // namespace

TEST_CASE("virtio-mmio: what it says of itself", "[devices][virtio]") {
  Bench bench;
  CHECK(bench.read(0x00) == 0x74726976);
  CHECK(bench.read(0x04) == 2);
  CHECK(bench.read(0x08) == 3);
  bench.write(0x14, 0);
  CHECK(bench.read(0x10) == ((1u << 28) | (1u << 29) | (1u << 5)));
  bench.write(0x14, 1);
  CHECK(bench.read(0x10) == (1u | (1u << 2) | (1u << 8)));
  bench.write(0x14, 2);
  CHECK(bench.read(0x10) == 0);
  bench.write(0x30, 0);
  CHECK(bench.read(0x34) == 16);
  bench.write(0x30, 1);
  CHECK(bench.read(0x34) == 8);
  bench.write(0x30, 2);
  CHECK(bench.read(0x34) == 0);
  CHECK(bench.read(0xB0) == 0xFFFFFFFF);
  CHECK(bench.read(0xB4) == 0xFFFFFFFF);
  CHECK(bench.read(0x18) == 0);
}

TEST_CASE("virtio-mmio: configuration bytes in any width", "[devices][virtio]") {
  Bench bench;
  CHECK(bench.read(0x100) == 0x11223344);
  CHECK(read_from<std::uint8_t>(bench.transport, 0x101) == 0x33);
  CHECK(read_from<std::uint16_t>(bench.transport, 0x102) == 0x1122);
  CHECK(read_from<std::uint64_t>(bench.transport, 0x100) == 0x11223344);
  bench.write(0x104, 77);
  CHECK(bench.device.config[1] == 77);
  CHECK(bench.read(0x108) == 0);
}

TEST_CASE("virtio-mmio: features nobody offered are not agreed upon", "[devices][virtio]") {
  Bench bench;
  SECTION("one that was not offered") {
    bench.negotiate(plain | static_cast<Feature>(1 << 7));
  }
  SECTION("without VERSION_1") {
    bench.negotiate(EchoDevice::own_feature);
  }
  CHECK(bench.read(0x70) == (acknowledge | driver));
  bench.write(0x70, acknowledge | driver | driver_ok);
  CHECK(bench.read(0x70) == (acknowledge | driver));
}

TEST_CASE("virtio-mmio: a queue keeps what it was set up with", "[devices][virtio]") {
  Bench bench;
  FakeDriver rings{bench.memory, plain};
  bench.negotiate(plain);
  bench.set_up_queue(0, rings.places());
  CHECK(bench.read(0x44) == 1);
  bench.write(0x30, 1);
  CHECK(bench.read(0x44) == 0);
  bench.write(0x30, 0);
  bench.write(0x44, 0);  // nobody serves it yet
  CHECK(bench.read(0x44) == 0);
}

TEST_CASE("virtio-mmio: a driver's chains are answered", "[devices][virtio]") {
  Bench bench;
  FakeDriver rings{bench.memory, GENERATE(from_range(RingBench::all_formats()))};
  bench.run(asks_and_is_answered(bench, rings));
  CHECK(bench.device.accepted == rings.features());
}

TEST_CASE("virtio-mmio: after a reset no task touches the driver's memory", "[devices][virtio]") {
  Bench bench;
  bench.run(resets_with_chains_in_flight(bench));
}

TEST_CASE("virtio-mmio: one queue can be reset and used again", "[devices][virtio]") {
  Bench bench;
  bench.run(resets_one_queue(bench));
}

TEST_CASE("virtio-mmio: a driver that breaks the rules must reset", "[devices][virtio]") {
  Bench bench;
  FakeDriver rings{bench.memory, plain};
  bench.run(breaks_the_rules(bench, rings));
}

TEST_CASE("virtio-mmio: so must one whose ring is nowhere", "[devices][virtio]") {
  Bench bench;
  bench.run(puts_a_ring_beyond_ram(bench));
}

TEST_CASE("virtio-mmio: a change of configuration interrupts a driver that is ready",
          "[devices][virtio]") {
  Bench bench;
  FakeDriver rings{bench.memory, plain};
  bench.run(changes_its_configuration(bench, rings));
}

TEST_CASE("virtio-mmio: a vCPU that waits for a reset is released", "[devices][virtio]") {
  Bench bench;
  FakeDriver rings{bench.memory, plain};
  bench.run(start_and_wait_for_service(bench, rings));
  // Its tasks have been stopped in the middle of their work; nobody could answer any more.
  bench.write(0x70, 0);
  CHECK(bench.device.serving == 0);
}
