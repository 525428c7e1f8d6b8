#include "devices/virtio/pci_transport.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <stdexcept>
#include <thread>

#include "devices/virtio/pci_layout.hpp"
#include "tests/devices/virtio/pci_bench.hpp"

using namespace devices::virtio;
using devices::pci::Space;
using runtime::Task;

namespace {

constexpr Features plain{Feature::Version1};
constexpr std::uint16_t no_vector = 0xFFFF;

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

Task<> resets(PciBench& bench) {
  FakeDriver rings{bench.memory, plain};
  bench.start(rings);
  rings.chain().readable("keep this").writable(4).available();
  bench.write<std::uint16_t>(PciBench::notify, 0);
  while (bench.device.kept.empty()) co_await runtime::yield();
  co_await on_another_thread(bench.loop, [&bench] { bench.set_status(0); });
  CHECK(bench.device.serving == 0);
  CHECK(bench.status() == 0);
  bench.device.kept.clear();
  bench.write<std::uint16_t>(0x16, 0);
  CHECK(bench.read<std::uint16_t>(0x1C) == 0);
  CHECK(bench.read<std::uint16_t>(0x1A) == no_vector);
  CHECK(bench.read<std::uint16_t>(0x10) == no_vector);
}

Task<> resets_one_queue(PciBench& bench) {
  const Features agreed = plain | Feature::RingReset;
  FakeDriver first{bench.memory, agreed, 16, {0x10000}};
  FakeDriver second{bench.memory, agreed, 8, {0x20000}};
  bench.negotiate(agreed);
  bench.set_up_queue(0, first.places());
  bench.set_up_queue(1, second.places());
  bench.set_status(bench.status() | PciBench::driver_ok);
  while (bench.device.serving != 2) co_await runtime::yield();
  co_await on_another_thread(bench.loop, [&bench] { bench.write<std::uint16_t>(0x3A, 1); });
  CHECK(bench.device.serving == 1);
  CHECK(bench.read<std::uint16_t>(0x3A) == 0);
  CHECK(bench.read<std::uint16_t>(0x1C) == 0);
  CHECK(bench.read<std::uint16_t>(0x1A) == no_vector);
  CHECK(bench.read<std::uint64_t>(0x20) == 0);
  bench.set_up_queue(1, FakeDriver{bench.memory, agreed, 8, {0x30000}}.places());
  while (bench.device.serving != 2) co_await runtime::yield();
}

Task<> changes_its_configuration(PciBench& bench, FakeDriver& rings) {
  bench.device.listener->config_changed();
  bench.start(rings);
  CHECK(bench.messages.take().empty());  // nobody was there yet
  bench.device.listener->config_changed();
  CHECK(bench.messages.take() == std::vector<std::uint32_t>{100});
  CHECK(bench.read<std::uint8_t>(PciBench::isr) == 2);
  CHECK(bench.read<std::uint8_t>(0x15) == 2);
  co_return;
}

Task<> wants_no_interrupts(PciBench& bench, FakeDriver& rings) {
  bench.start(rings);
  bench.write<std::uint16_t>(0x1A, no_vector);
  co_await ask(bench, rings, "hello");
  CHECK(bench.messages.take().empty());
}

}  // namespace

TEST_CASE("virtio-pci: what the function says of itself", "[devices][virtio]") {
  PciBench bench;
  CHECK(bench.config<std::uint32_t>(0x00) == 0x1043'1AF4);  // a console
  CHECK(bench.config<std::uint32_t>(0x08) == 0x0780'0001);
  CHECK(bench.config<std::uint32_t>(0x2C) == 0x1043'1AF4);
  CHECK(bench.config<std::uint32_t>(0x10) == 0xD000'0000);
  CHECK(bench.config<std::uint32_t>(0x14) == 0xD000'8000);
  CHECK(bench.config<std::uint8_t>(0x3D) == 0);
}

TEST_CASE("virtio-pci: each type has its id and class", "[devices][virtio]") {
  CHECK(pci_layout::identity(DeviceType::Network).device == 0x1041);
  CHECK(pci_layout::identity(DeviceType::Network).class_code == 0x02'0000);
  CHECK(pci_layout::identity(DeviceType::Block).device == 0x1042);
  CHECK(pci_layout::identity(DeviceType::Block).class_code == 0x01'8000);
  CHECK(pci_layout::identity(DeviceType::Entropy).device == 0x1044);
  CHECK(pci_layout::identity(DeviceType::Entropy).class_code == 0xFF'0000);
}

TEST_CASE("virtio-pci: a driver finds every structure by its capability", "[devices][virtio]") {
  PciBench bench;
  const auto found = structures(bench);
  REQUIRE(found.size() == 5);
  for (const unsigned type : {1u, 2u, 3u, 4u}) {
    const PciStructure& structure = found.at(type);
    CHECK(structure.bar == 0);
    CHECK(structure.offset % 4 == 0);
    CHECK(structure.offset + structure.size_bytes <= bench.function.bar_bytes(0));
    CHECK(structure.length == (type == 2 ? 20 : 16));
  }
  CHECK(found.at(1).offset == 0);
  CHECK(found.at(1).size_bytes == 60);
  CHECK(found.at(2).offset == PciBench::notify);
  CHECK(found.at(2).size_bytes == 2 * 4);
  CHECK(bench.config<std::uint32_t>(found.at(2).at + 16) == 4);  // notify_off_multiplier
  CHECK(found.at(3).offset == PciBench::isr);
  CHECK(found.at(4).offset == PciBench::device_config);
  CHECK(found.at(5).length == 20);
}

TEST_CASE("virtio-pci: a vector for each queue and one for the configuration",
          "[devices][virtio]") {
  PciBench bench;
  CHECK(bench.config<std::uint8_t>(0x40) == 0x11);
  CHECK(bench.config<std::uint16_t>(0x42) == 2);  // one less than three
  CHECK(bench.config<std::uint32_t>(0x44) == 1);  // BAR 1, offset 0
  CHECK(bench.read<std::uint16_t>(0x10) == no_vector);
  for (std::uint16_t queue = 0; queue < 2; ++queue) {
    bench.write(0x16, queue);
    CHECK(bench.read<std::uint16_t>(0x1A) == no_vector);
    bench.write<std::uint16_t>(0x1A, 2);
    CHECK(bench.read<std::uint16_t>(0x1A) == 2);
    bench.write<std::uint16_t>(0x1A, 3);  // there is none
    CHECK(bench.read<std::uint16_t>(0x1A) == no_vector);
  }
  bench.write<std::uint16_t>(0x16, 2);
  bench.write<std::uint16_t>(0x1A, 1);
  CHECK(bench.read<std::uint16_t>(0x1A) == no_vector);
  bench.write<std::uint16_t>(0x10, 1);
  CHECK(bench.read<std::uint16_t>(0x10) == 1);
  bench.write<std::uint16_t>(0x10, 3);
  CHECK(bench.read<std::uint16_t>(0x10) == no_vector);
}

TEST_CASE("virtio-pci: a device with more queues than there are vectors is refused",
          "[devices][virtio]") {
  CHECK_THROWS_AS(PciBench(Space::Memory, 2048), std::invalid_argument);
}

TEST_CASE("virtio-pci: features in halves", "[devices][virtio]") {
  PciBench bench;
  bench.write(0x00, 1u);
  CHECK(bench.read<std::uint32_t>(0x00) == 1);
  CHECK(bench.read<std::uint32_t>(0x04) == (1u | 1u << 2 | 1u << 8));
  bench.write(0x00, 0u);
  CHECK(bench.read<std::uint32_t>(0x04) == (1u << 28 | 1u << 29 | 1u << 5));
  bench.negotiate(plain | EchoDevice::own_feature);
  CHECK(bench.status() == 11);
  CHECK(bench.read<std::uint32_t>(0x08) == 1);
  CHECK(bench.read<std::uint32_t>(0x0C) == 1);
}

TEST_CASE("virtio-pci: a queue keeps what it was set up with", "[devices][virtio]") {
  PciBench bench;
  bench.negotiate(plain);
  CHECK(bench.read<std::uint16_t>(0x12) == 2);
  bench.write<std::uint16_t>(0x16, 1);
  CHECK(bench.read<std::uint16_t>(0x16) == 1);
  CHECK(bench.read<std::uint16_t>(0x18) == 8);
  CHECK(bench.read<std::uint16_t>(0x1E) == 1);  // queue_notify_off
  bench.write<std::uint32_t>(0x20, 0x1000);     // halves, as Linux writes them
  bench.write<std::uint32_t>(0x24, 1);
  bench.write<std::uint64_t>(0x28, 0x2'0000'2000);
  bench.write<std::uint64_t>(0x30, 0x3'0000'3000);
  CHECK(bench.read<std::uint64_t>(0x20) == 0x1'0000'1000);
  CHECK(bench.read<std::uint32_t>(0x28) == 0x2000);
  CHECK(bench.read<std::uint32_t>(0x2C) == 2);
  CHECK(bench.read<std::uint64_t>(0x30) == 0x3'0000'3000);
  bench.write<std::uint16_t>(0x18, 4);
  CHECK(bench.read<std::uint16_t>(0x18) == 4);
  CHECK(bench.read<std::uint16_t>(0x1C) == 0);
  bench.write<std::uint16_t>(0x1C, 0);
  CHECK(bench.read<std::uint16_t>(0x1C) == 0);
  bench.write<std::uint16_t>(0x1C, 1);
  CHECK(bench.read<std::uint16_t>(0x1C) == 1);
  bench.write<std::uint16_t>(0x1C, 0);  // only a reset ends it
  CHECK(bench.read<std::uint16_t>(0x1C) == 1);
  bench.write<std::uint16_t>(0x16, 2);
  CHECK(bench.read<std::uint16_t>(0x18) == 0);  // there is no such queue
}

TEST_CASE("virtio-pci: the device's configuration in any width", "[devices][virtio]") {
  PciBench bench;
  CHECK(bench.read<std::uint32_t>(PciBench::device_config) == 0x11223344);
  CHECK(bench.read<std::uint8_t>(PciBench::device_config + 1) == 0x33);
  CHECK(bench.read<std::uint64_t>(PciBench::device_config) == 0x11223344);
  bench.write(PciBench::device_config + 4, 77u);
  CHECK(bench.device.config[1] == 77);
  CHECK(bench.read<std::uint32_t>(PciBench::device_config + 8) == 0);
}

TEST_CASE("virtio-pci: what is no register reads as zero", "[devices][virtio]") {
  PciBench bench;
  for (std::uint64_t at = 0x3C; at < PciBench::isr; at += 4)
    CHECK(bench.read<std::uint32_t>(at) == 0);
  CHECK(bench.read<std::uint32_t>(PciBench::isr + 4) == 0);
  CHECK(bench.read<std::uint32_t>(PciBench::notify) == 0);
  CHECK(bench.read<std::uint16_t>(0x01) == 0);
  bench.write(PciBench::isr, 0xFFFF'FFFFu);
  bench.write(PciBench::notify + 2, 0xFFFF'FFFFu);
  bench.write(PciBench::notify + 0xFFC, 0u);
  CHECK(bench.read<std::uint32_t>(PciBench::isr) == 0);
}

TEST_CASE("virtio-pci: a driver's chains are answered", "[devices][virtio]") {
  PciBench bench;
  FakeDriver rings{bench.memory, GENERATE(from_range(RingBench::all_formats()))};
  bench.run(asks_and_is_answered(bench, rings));
  CHECK(bench.device.accepted == rings.features());
}

TEST_CASE("virtio-pci: a reset forgets vectors and queues", "[devices][virtio]") {
  PciBench bench;
  bench.run(resets(bench));
}

TEST_CASE("virtio-pci: one queue can be reset and used again", "[devices][virtio]") {
  PciBench bench;
  bench.run(resets_one_queue(bench));
}

TEST_CASE("virtio-pci: a change of configuration is a message of its own", "[devices][virtio]") {
  PciBench bench;
  FakeDriver rings{bench.memory, plain};
  bench.run(changes_its_configuration(bench, rings));
}

TEST_CASE("virtio-pci: a queue without a vector sends nothing", "[devices][virtio]") {
  PciBench bench;
  FakeDriver rings{bench.memory, plain};
  bench.run(wants_no_interrupts(bench, rings));
}

TEST_CASE("virtio-pci: registers through the configuration space", "[devices][virtio]") {
  PciBench bench;
  const std::uint64_t at = structures(bench).at(5).at;
  const auto point_to = [&](std::uint8_t bar, std::uint32_t offset, std::uint32_t length) {
    bench.write_config(at + 4, bar);
    bench.write_config(at + 8, offset);
    bench.write_config(at + 12, length);
  };
  point_to(0, 0x12, 2);
  CHECK(bench.config<std::uint16_t>(at + 16) == 2);  // num_queues
  CHECK(bench.config<std::uint32_t>(at + 16) == 2);
  point_to(0, PciBench::device_config, 4);
  CHECK(bench.config<std::uint32_t>(at + 16) == 0x11223344);
  point_to(0, 0x14, 1);
  bench.write_config<std::uint32_t>(at + 16, PciBench::acknowledge);
  CHECK(bench.status() == PciBench::acknowledge);
  point_to(1, 8, 4);
  bench.write_config<std::uint32_t>(at + 16, 1234);
  CHECK(bench.read<std::uint32_t>(8, 1) == 1234);
}

TEST_CASE("virtio-pci: its configuration is memory until registers are reached through it",
          "[devices][virtio]") {
  PciBench bench;
  const std::uint64_t at = structures(bench).at(5).at;
  const auto is_memory = [&] {
    const auto* page = bench.function.config_page();
    if (page == nullptr) return false;
    for (std::uint64_t i = 0; i < page->bytes.size(); ++i) {
      if (page->bytes[i] != std::byte{bench.config<std::uint8_t>(i)}) return false;
    }
    return true;
  };
  CHECK(is_memory());
  bench.write_config<std::uint16_t>(0x42, 0xC000);  // MSI-X on, all masked
  bench.write_config(at + 4, std::uint8_t{1});
  bench.write_config(at + 8, 0x20u);
  bench.write_config(at + 16, 0x1234'5678u);
  CHECK(is_memory());  // an access of no bytes
  bench.write_config(at + 12, 4u);
  CHECK(bench.function.config_page() == nullptr);
}

TEST_CASE("virtio-pci: there a driver reaches nothing it must not ask for", "[devices][virtio]") {
  PciBench bench;
  const std::uint64_t at = structures(bench).at(5).at;
  const auto [bar, offset, length] =
      GENERATE(std::tuple{0u, 0x14u, 3u}, std::tuple{0u, 0x14u, 0u}, std::tuple{0u, 0x14u, 8u},
               std::tuple{0u, 0x14u, 0xFFFF'FFFFu}, std::tuple{0u, 0x8000u, 4u},
               std::tuple{0u, 0xFFFF'FFFCu, 4u}, std::tuple{2u, 0x14u, 1u},
               std::tuple{255u, 0x14u, 1u}, std::tuple{0u, 0x15u, 2u});
  bench.write_config(at + 4, static_cast<std::uint8_t>(bar));
  bench.write_config(at + 8, offset);
  bench.write_config(at + 12, length);
  bench.write_config<std::uint32_t>(at + 16, PciBench::acknowledge);
  CHECK(bench.status() == 0);
  CHECK(bench.config<std::uint32_t>(at + 16) == PciBench::acknowledge);  // what was written
}
