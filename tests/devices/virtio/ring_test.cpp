// Both ring formats, by the same scripts.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/devices/virtio/ring_bench.hpp"

using namespace devices::virtio;

namespace {

std::string text_of(Reader& reader) {
  std::string text(reader.size_bytes(), '\0');
  (void)reader.read_some(std::as_writable_bytes(std::span{text}));
  return text;
}

void answer(Writer& writer, std::string_view text) {
  (void)writer.write_some(std::as_bytes(std::span{text}));
}

}  // namespace

TEST_CASE("virtio ring: a chain comes as it was lent, and goes back once", "[devices][virtio]") {
  RingBench bench{GENERATE(from_range(RingBench::all_formats()))};
  const auto id =
      bench.driver.chain().readable("ask").readable("ing").writable(4).writable(3).available();

  auto chain = bench.pop();
  REQUIRE(chain);
  CHECK(text_of(chain->readable) == "asking");
  CHECK(chain->writable.size_bytes() == 7);
  answer(chain->writable, "answer");
  CHECK_FALSE(bench.pop());
  CHECK_FALSE(bench.driver.take_used());

  CHECK(bench.push(*chain, 6));
  const auto used = bench.driver.take_used();
  REQUIRE(used);
  CHECK(used->id == id);
  CHECK(used->written_bytes == 6);
  CHECK(bench.driver.written_text(id).substr(0, 6) == "answer");
  CHECK_FALSE(bench.driver.take_used());
}

TEST_CASE("virtio ring: chains come round the ring many times, back in any order",
          "[devices][virtio]") {
  RingBench bench{GENERATE(from_range(RingBench::all_formats()))};
  for (int round = 0; round < 40; ++round) {
    const auto first = bench.driver.chain().readable("1").writable(1).available();
    const auto second = bench.driver.chain().readable("2").available();
    const auto third = bench.driver.chain().writable(2).writable(1).writable(1).available();
    auto a = bench.pop(), b = bench.pop(), c = bench.pop();
    REQUIRE((a && b && c));
    CHECK(c->writable.size_bytes() == 4);
    (void)bench.push(*c, 4);
    (void)bench.push(*a, 1);
    (void)bench.push(*b, 0);
    CHECK(bench.driver.take_used()->id == third);
    CHECK(bench.driver.take_used()->id == first);
    const auto last = bench.driver.take_used();
    CHECK(last->id == second);
    CHECK(last->written_bytes == 0);
  }
  CHECK_FALSE(bench.broken());
}

TEST_CASE("virtio ring: a table of descriptors is one chain", "[devices][virtio]") {
  RingBench bench{GENERATE(from_range(RingBench::all_formats()))};
  auto lent = bench.driver.chain();
  for (int i = 0; i < 40; ++i) lent.readable("0123456789");  // more than the ring has places
  lent.writable(1).indirect();
  const auto id = lent.available();
  auto chain = bench.pop();
  REQUIRE(chain);
  CHECK(chain->readable.size_bytes() == 400);
  CHECK(chain->writable.size_bytes() == 1);
  (void)bench.push(*chain, 1);
  CHECK(bench.driver.take_used()->id == id);
}

TEST_CASE("virtio ring: a table is refused unless it was agreed upon", "[devices][virtio]") {
  const auto format = GENERATE(from_range(RingBench::all_formats()));
  RingBench bench{format - Feature::IndirectDescriptors};
  bench.driver.chain().readable("a").writable(1).indirect().available();
  CHECK_FALSE(bench.pop());
  CHECK(bench.broken());
}

TEST_CASE("virtio ring: what was not popped after all comes again", "[devices][virtio]") {
  RingBench bench{GENERATE(from_range(RingBench::all_formats()))};
  for (int round = 0; round < 20; ++round) {
    bench.driver.chain().readable("x").readable("y").available();
    bench.driver.chain().readable("z").available();
    auto first = bench.pop(), second = bench.pop();
    REQUIRE((first && second));
    bench.unpop(*second);
    bench.unpop(*first);
    first = bench.pop();
    CHECK(text_of(first->readable) == "xy");
    second = bench.pop();
    CHECK(text_of(second->readable) == "z");
    (void)bench.push(*first, 0);
    (void)bench.push(*second, 0);
    (void)bench.driver.take_used();
    (void)bench.driver.take_used();
  }
}

TEST_CASE("virtio ring: empty buffers are no buffers", "[devices][virtio]") {
  RingBench bench{GENERATE(from_range(RingBench::all_formats()))};
  bench.driver.chain().buffer({{0}, 0, 0}).readable("a").writable(0).writable(1).available();
  const auto chain = bench.pop();
  REQUIRE(chain);
  CHECK(chain->readable.rest().size() == 1);
  CHECK(chain->writable.rest().size() == 1);
}

TEST_CASE("virtio ring: rules a driver can break", "[devices][virtio]") {
  RingBench bench{GENERATE(from_range(RingBench::all_formats()))};
  constexpr auto write = static_cast<std::uint16_t>(DescriptorFlags::Write);
  constexpr auto indirect = static_cast<std::uint16_t>(DescriptorFlags::Indirect);
  auto chain = bench.driver.chain();
  const auto last = RingBench::memory_bytes - 1;
  SECTION("a buffer beyond RAM") {
    chain.buffer({{RingBench::memory_bytes}, 1, 0});
  }
  SECTION("a buffer that reaches beyond RAM") {
    chain.buffer({{last}, 2, write});
  }
  SECTION("a buffer that wraps") {
    chain.buffer({{~0ULL}, 16, 0});
  }
  SECTION("to be read behind what is to be written") {
    chain.writable(1).readable("late");
  }
  SECTION("more than 4 GiB") {
    for (int i = 0; i < 5; ++i) chain.buffer({{0}, 0xFFFF'FFFF, 0});
  }
  SECTION("a table within a table") {
    chain.buffer({{0x1000}, 16, indirect}).indirect();
  }
  SECTION("a table of half a descriptor") {
    chain.buffer({{0x1000}, 24, indirect});
  }
  SECTION("an empty table") {
    chain.buffer({{0x1000}, 0, indirect});
  }
  SECTION("a table beyond RAM") {
    chain.buffer({{last}, 16, indirect});
  }
  SECTION("a table of more than 1024") {
    chain.buffer({{0x1000}, 16 * 1025, indirect});
  }
  chain.available();
  CHECK_FALSE(bench.pop());
  CHECK(bench.broken());
  CHECK_FALSE(bench.expect_notification());
}

TEST_CASE("virtio ring: interrupts come only where they are wanted", "[devices][virtio]") {
  const auto format = GENERATE(from_range(RingBench::all_formats()));
  RingBench bench{format - Feature::EventIndex};
  const auto answer_one = [&bench] {
    bench.driver.chain().writable(1).available();
    const auto chain = bench.pop();
    const bool wanted = bench.push(*chain, 1);
    (void)bench.driver.take_used();
    return wanted;
  };
  CHECK(answer_one());
  bench.driver.want_no_interrupts();
  for (int i = 0; i < 40; ++i) CHECK_FALSE(answer_one());
  bench.driver.want_interrupts();
  CHECK(answer_one());
}

TEST_CASE("virtio ring: with an event index, an interrupt comes at the very chain asked for",
          "[devices][virtio]") {
  const auto format = GENERATE(from_range(RingBench::all_formats()));
  RingBench bench{format | Feature::EventIndex};
  for (int round = 0; round < 40; ++round) {
    bench.driver.want_interrupt_after(2);
    std::vector<bool> wanted;
    for (int i = 0; i < 5; ++i) bench.driver.chain().writable(1).available();
    while (auto chain = bench.pop()) wanted.push_back(bench.push(*chain, 1));
    CHECK(wanted == std::vector<bool>{false, false, true, false, false});
    while (bench.driver.take_used()) {
    }
  }
}

TEST_CASE("virtio ring: notifications are wanted only when we would sleep", "[devices][virtio]") {
  RingBench bench{GENERATE(from_range(RingBench::all_formats()))};
  for (int round = 0; round < 40; ++round) {
    REQUIRE_FALSE(bench.expect_notification());
    bench.driver.chain().readable("a").available();
    CHECK(bench.driver.notification_wanted());
    bench.decline_notifications();
    bench.driver.chain().readable("b").available();
    CHECK_FALSE(bench.driver.notification_wanted());
    CHECK(bench.expect_notification());  // two are waiting
    while (auto chain = bench.pop()) (void)bench.push(*chain, 0);
    while (bench.driver.take_used()) {
    }
  }
}

TEST_CASE("virtio ring: places where no ring can be", "[devices][virtio]") {
  RingBench bench{GENERATE(from_range(RingBench::all_formats()))};
  const auto made = [&bench](RingPlaces places) {
    return bench.format.has(Feature::RingPacked)
               ? PackedRing::make(bench.memory, places, bench.format).has_value()
               : SplitRing::make(bench.memory, places, bench.format).has_value();
  };
  RingPlaces places = bench.driver.places();
  CHECK(made(places));
  SECTION("no size") {
    places.size = 0;
  }
  SECTION("too large") {
    places.size = 2048;
  }
  SECTION("descriptors not on 16 bytes") {
    places.descriptors = {places.descriptors.value + 8};
  }
  SECTION("driver's area beyond RAM") {
    places.driver_area = {RingBench::memory_bytes};
  }
  SECTION("device's area misaligned") {
    places.device_area = {places.device_area.value + 2};
  }
  SECTION("descriptors that reach beyond RAM") {
    places.descriptors = {RingBench::memory_bytes - 16};
  }
  CHECK_FALSE(made(places));
}

TEST_CASE("virtio split ring: its size is a power of 2", "[devices][virtio]") {
  RingBench bench{Features{Feature::Version1}};
  RingPlaces places = bench.driver.places();
  places.size = 12;
  CHECK_FALSE(SplitRing::make(bench.memory, places, bench.format));
  CHECK(PackedRing::make(bench.memory, places, bench.format));
}

TEST_CASE("virtio split ring: indices and links that lead astray", "[devices][virtio]") {
  RingBench bench{Features{Feature::Version1}};
  const RingPlaces places = bench.driver.places();
  const auto store = [&bench](platform::GuestAddress to, auto value) {
    REQUIRE(bench.memory.store(to, value));
  };
  SECTION("more available than there are descriptors") {
    store(places.driver_area + split::index_offset, std::uint16_t{17});
  }
  SECTION("a head that is none") {
    store(places.driver_area + split::ring_offset, std::uint16_t{16});
    store(places.driver_area + split::index_offset, std::uint16_t{1});
  }
  SECTION("a chain that runs in circles") {
    const std::uint16_t next = static_cast<std::uint16_t>(DescriptorFlags::Next);
    store(places.descriptors, split::Descriptor{0x1000, 1, next, 0});
    store(places.driver_area + split::index_offset, std::uint16_t{1});
  }
  SECTION("a link to nowhere") {
    const std::uint16_t next = static_cast<std::uint16_t>(DescriptorFlags::Next);
    store(places.descriptors, split::Descriptor{0x1000, 1, next, 999});
    store(places.driver_area + split::index_offset, std::uint16_t{1});
  }
  CHECK_FALSE(bench.pop());
  CHECK(bench.broken());
}

TEST_CASE("virtio packed ring: a chain without an end", "[devices][virtio]") {
  RingBench bench{Features{Feature::Version1, Feature::RingPacked}};
  const auto flags =
      static_cast<std::uint16_t>(static_cast<std::uint16_t>(DescriptorFlags::Next) |
                                 static_cast<std::uint16_t>(DescriptorFlags::Available));
  for (std::uint64_t i = 0; i < 16; ++i) {
    REQUIRE(bench.memory.store(bench.driver.places().descriptors + 16 * i,
                               packed::Descriptor{0x1000, 1, 0, flags}));
  }
  CHECK_FALSE(bench.pop());
  CHECK(bench.broken());
}
