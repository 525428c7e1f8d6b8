// A virtio-pci function with a driver at its other side, and what it is wired to.
#pragma once

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <mutex>
#include <string_view>
#include <variant>
#include <vector>

#include "devices/virtio/pci_transport.hpp"
#include "tests/devices/beside.hpp"
#include "tests/devices/virtio/echo_device.hpp"
#include "tests/devices/virtio/ring_bench.hpp"
#include "tests/support/test_loop.hpp"

/// Remembers messages by what they say.
class FakeMessages final : public platform::InterruptController {
 public:
  void set_level(platform::Gsi, bool) noexcept override {}
  void send(const platform::Message& message, std::uint32_t) noexcept override {
    const std::lock_guard lock{mutex_};
    sent_.push_back(message.data);
  }
  std::vector<std::uint32_t> take() {
    const std::lock_guard lock{mutex_};
    return std::exchange(sent_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::uint32_t> sent_;
};

/// One to an address, for writes of any width.
class FakeDoorbells final : public platform::Doorbells {
 public:
  using Places = std::map<std::variant<platform::Port, platform::GuestAddress>, runtime::Event*>;

  bool try_ring(const platform::Doorbell& doorbell, runtime::Event& event) noexcept override {
    return doorbell.size_bytes == 0 && places.emplace(doorbell.place, &event).second;
  }
  void unring(const platform::Doorbell& doorbell, runtime::Event& event) noexcept override {
    const auto place = places.find(doorbell.place);
    if (place != places.end() && place->second == &event) places.erase(place);
  }
  Places places;
};

struct PciBench {
  using Features = devices::virtio::Features;

  static constexpr std::uint8_t acknowledge = 1, driver = 2, driver_ok = 4, features_ok = 8,
                                needs_reset = 64;
  // Where structures are in BAR 0; pci_transport_test follows the capabilities to them.
  static constexpr std::uint64_t isr = 0x2000, device_config = 0x4000, notify = 0x6000;
  static constexpr platform::GuestAddress window{0xD000'0000};
  static constexpr platform::GuestAddress first_port{0xC000};

  /// Where the driver is to notify queues.
  explicit PciBench(devices::pci::Space notifications = devices::pci::Space::Memory,
                    std::size_t queues = 2)
      : device{queues},
        function{{.executor = loop.executor(),
                  .memory = memory,
                  .device = device,
                  .interrupts = messages,
                  .doorbells = doorbells,
                  .device_id = 8,
                  .places = bar_places,
                  .ports = notifications == devices::pci::Space::Ports ? &ports : nullptr}} {}

  template <typename T>
  T read(std::uint64_t offset, unsigned bar = 0) {
    T value{};
    function.read_bar(bar, offset, std::as_writable_bytes(std::span{&value, 1}));
    return value;
  }
  template <typename T>
  void write(std::uint64_t offset, T value, unsigned bar = 0) {
    function.write_bar(bar, offset, std::as_bytes(std::span{&value, 1}));
  }
  template <typename T>
  T config(std::uint64_t offset) {
    T value{};
    function.read_config(offset, std::as_writable_bytes(std::span{&value, 1}));
    return value;
  }
  template <typename T>
  void write_config(std::uint64_t offset, T value) {
    function.write_config(offset, std::as_bytes(std::span{&value, 1}));
  }

  /// Where its capability says.
  void notify_queue(std::uint16_t queue) {
    using namespace devices::virtio::pci_layout;
    const bool at_ports = function.bar_bytes(ports_bar) != 0;
    write(at_ports ? queue * 4u : notify + queue * 4u, queue, at_ports ? ports_bar : registers_bar);
  }

  std::uint8_t status() { return read<std::uint8_t>(0x14); }
  void set_status(unsigned bits) { write(0x14, static_cast<std::uint8_t>(bits)); }

  /// Vector n says 100 + n.
  void enable_messages() {
    for (std::uint32_t vector = 0; vector < 3; ++vector) {
      write<std::uint32_t>(vector * 16, 0xFEE0'0000, 1);
      write<std::uint32_t>(vector * 16 + 8, 100 + vector, 1);
      write<std::uint32_t>(vector * 16 + 12, 0, 1);
    }
    write_config<std::uint16_t>(0x42, 0x8000);
  }
  /// 3.1.1, up to FEATURES_OK.
  void negotiate(Features wanted) {
    set_status(0);
    set_status(acknowledge);
    set_status(acknowledge | driver);
    for (std::uint32_t half = 0; half < 2; ++half) {
      write(0x08, half);
      write(0x0C, static_cast<std::uint32_t>(wanted.raw() >> 32 * half));
    }
    set_status(acknowledge | driver | features_ok);
  }
  void set_up_queue(std::uint16_t index, const devices::virtio::RingPlaces& places) {
    write(0x16, index);
    write(0x18, places.size);
    write(0x1A, static_cast<std::uint16_t>(index + 1));
    write(0x20, places.descriptors.value);
    write(0x28, places.driver_area.value);
    write(0x30, places.device_area.value);
    write<std::uint16_t>(0x1C, 1);
  }
  void start(FakeDriver& rings) {
    enable_messages();
    negotiate(rings.features());
    write<std::uint16_t>(0x10, 0);
    set_up_queue(0, rings.places());
    set_status(status() | driver_ok);
  }
  void run(runtime::Task<> script) { loop.run(beside(function.core(), std::move(script))); }

  TestLoop loop;
  platform::GuestMemory memory{std::array{platform::AddressRange{{0}, RingBench::memory_bytes}}};
  EchoDevice device;
  FakeMessages messages;
  FakeDoorbells doorbells;
  devices::pci::BarPlacer bar_places{{window, 0x10'0000}};
  devices::pci::BarPlacer ports{{first_port, 0x4000}};
  devices::virtio::PciTransport function;
};

/// A vendor capability of virtio's.
struct PciStructure {
  std::uint64_t at;
  std::uint8_t length;
  std::uint8_t bar;
  std::uint32_t offset;
  std::uint32_t size_bytes;
};

/// As a driver finds them, by their type.
inline std::map<unsigned, PciStructure> structures(PciBench& bench) {
  std::map<unsigned, PciStructure> found;
  for (std::uint64_t at = bench.config<std::uint8_t>(0x34); at != 0;
       at = bench.config<std::uint8_t>(at + 1)) {
    if (bench.config<std::uint8_t>(at) != 0x09) continue;
    found[bench.config<std::uint8_t>(at + 3)] = {
        at, bench.config<std::uint8_t>(at + 2), bench.config<std::uint8_t>(at + 4),
        bench.config<std::uint32_t>(at + 8), bench.config<std::uint32_t>(at + 12)};
  }
  return found;
}

inline runtime::Task<std::uint16_t> ask(PciBench& bench, FakeDriver& rings,
                                        std::string_view question) {
  const auto id = rings.chain().readable(question).writable(16).available();
  bench.notify_queue(0);
  while (!rings.take_used()) co_await runtime::yield();
  co_return id;
}

inline runtime::Task<> asks_and_is_answered(PciBench& bench, FakeDriver& rings) {
  bench.start(rings);
  const auto id = co_await ask(bench, rings, "hello");
  CHECK(rings.written_text(id).substr(0, 5) == "hello");
  const auto sent = bench.messages.take();
  REQUIRE_FALSE(sent.empty());
  CHECK(sent[0] == 101);
  CHECK(bench.read<std::uint8_t>(PciBench::isr) == 1);
  CHECK(bench.read<std::uint8_t>(PciBench::isr) == 0);  // read and gone
}
