// Where a driver notifies queues, in memory or at ports, and the doorbells there.

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <optional>
#include <vector>

#include "devices/virtio/pci_layout.hpp"
#include "tests/devices/virtio/pci_bench.hpp"

using devices::pci::Space;
using devices::virtio::pci_layout::ports_bar;
using platform::GuestAddress;
using platform::Port;

TEST_CASE("virtio-pci: each queue has a doorbell, which moves with the registers",
          "[devices][virtio]") {
  PciBench bench;
  const GuestAddress elsewhere{0xD001'0000};
  bench.function.bar_moved(1, PciBench::window + 0x8000);
  CHECK(bench.doorbells.places.empty());
  bench.function.bar_moved(0, PciBench::window);
  REQUIRE(bench.doorbells.places.size() == 2);
  for (std::uint16_t queue = 0; queue < 2; ++queue) {
    CHECK(bench.doorbells.places.at(PciBench::window + PciBench::notify + queue * 4u) ==
          bench.function.core().doorbell(queue));
  }
  bench.function.bar_moved(0, elsewhere);
  CHECK(bench.doorbells.places.size() == 2);
  CHECK(bench.doorbells.places.contains(elsewhere + PciBench::notify));
  bench.function.bar_moved(0, std::nullopt);
  CHECK(bench.doorbells.places.empty());
}

TEST_CASE("virtio-pci: where another's doorbell is, it has none and takes away none",
          "[devices][virtio]") {
  PciBench bench;
  runtime::Event other{bench.loop.executor()};
  const GuestAddress taken = PciBench::window + PciBench::notify;
  bench.doorbells.places[taken] = &other;
  bench.function.bar_moved(0, PciBench::window);
  CHECK(bench.doorbells.places.size() == 2);
  bench.function.bar_moved(0, std::nullopt);
  CHECK(bench.doorbells.places == FakeDoorbells::Places{{taken, &other}});
}

TEST_CASE("virtio-pci: on a PC queues are notified at ports", "[devices][virtio]") {
  PciBench bench{Space::Ports};
  CHECK(bench.config<std::uint32_t>(0x18) == (PciBench::first_port.value | 1));
  CHECK(bench.function.bar_bytes(ports_bar) == 8);
  const auto found = structures(bench);
  REQUIRE(found.size() == 5);
  CHECK(found.at(2).bar == ports_bar);
  CHECK(found.at(2).offset == 0);
  CHECK(found.at(2).size_bytes == 8);
  CHECK(bench.config<std::uint32_t>(found.at(2).at + 16) == 4);
  for (const unsigned type : {1u, 3u, 4u}) CHECK(found.at(type).bar == 0);
}

TEST_CASE("virtio-pci: more queues than a BAR has ports are notified in memory",
          "[devices][virtio]") {
  const PciBench most{Space::Ports, 64};
  CHECK(most.function.bar_bytes(ports_bar) == 256);
  PciBench many{Space::Ports, 65};
  CHECK(many.function.bar_bytes(ports_bar) == 0);
  CHECK(structures(many).at(2).bar == 0);
}

TEST_CASE("virtio-pci: doorbells move with the ports", "[devices][virtio]") {
  PciBench bench{Space::Ports};
  bench.function.bar_moved(0, PciBench::window);
  CHECK(bench.doorbells.places.empty());
  bench.function.bar_moved(ports_bar, GuestAddress{0xC010});
  const auto bell = [&](std::uint16_t queue) { return bench.function.core().doorbell(queue); };
  CHECK(bench.doorbells.places ==
        FakeDoorbells::Places{{Port{0xC010}, bell(0)}, {Port{0xC014}, bell(1)}});
  bench.function.bar_moved(ports_bar, GuestAddress{0xFFF8});
  CHECK(bench.doorbells.places ==
        FakeDoorbells::Places{{Port{0xFFF8}, bell(0)}, {Port{0xFFFC}, bell(1)}});
  bench.function.bar_moved(ports_bar, std::nullopt);
  CHECK(bench.doorbells.places.empty());
}

TEST_CASE("virtio-pci: at ports any width notifies the queue whose port it begins at, and no other",
          "[devices][virtio]") {
  PciBench bench{Space::Ports};
  const auto notified = [&](std::uint64_t offset, auto value) {
    bench.device.notified_queues.clear();
    bench.write(offset, value, ports_bar);
    return bench.device.notified_queues;
  };
  using Queues = std::vector<std::uint16_t>;
  bench.device.in_place = true;
  CHECK(notified(4, std::uint8_t{0}) == Queues{1});
  CHECK(notified(4, std::uint16_t{0}) == Queues{1});
  CHECK(notified(0, 0xFFFF'FFFFu) == Queues{0});
  CHECK(notified(0, std::uint64_t{0}) == Queues{0});
  for (const std::uint64_t offset : {1, 2, 3, 5, 6, 7}) {
    CHECK(notified(offset, std::uint8_t{0}).empty());
    CHECK(notified(offset, std::uint32_t{0}).empty());  // straddles
  }
  CHECK(bench.read<std::uint32_t>(0, ports_bar) == 0);
  CHECK(bench.read<std::uint64_t>(0, ports_bar) == 0);
  CHECK(bench.read<std::uint8_t>(7, ports_bar) == 0);
}

TEST_CASE("virtio-pci: a driver's chains are answered, notified at ports", "[devices][virtio]") {
  PciBench bench{Space::Ports};
  FakeDriver rings{bench.memory, GENERATE(from_range(RingBench::all_formats()))};
  bench.run(asks_and_is_answered(bench, rings));
}

TEST_CASE("virtio-pci: ports through the configuration space", "[devices][virtio]") {
  PciBench bench{Space::Ports};
  bench.device.in_place = true;
  const std::uint64_t at = structures(bench).at(5).at;
  bench.write_config<std::uint8_t>(at + 4, ports_bar);
  bench.write_config<std::uint32_t>(at + 8, 4);
  bench.write_config<std::uint32_t>(at + 12, 2);
  bench.write_config<std::uint16_t>(at + 16, 1);
  CHECK(bench.device.notified_queues == std::vector<std::uint16_t>{1});
  bench.write_config<std::uint32_t>(at + 8, 8);  // behind the last
  bench.write_config<std::uint16_t>(at + 16, 1);
  CHECK(bench.device.notified_queues.size() == 1);
}
