#include "devices/pci/root_bus.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <stdexcept>
#include <thread>
#include <vector>

#include "devices/pci/bar_placer.hpp"
#include "devices/pci/bar_window.hpp"
#include "tests/devices/fakes.hpp"

using namespace devices::pci;
using platform::AddressRange;
using platform::GuestAddress;

namespace {

constexpr Window window{Space::Memory, {{0xD000'0000}, 0x10'0000}};
constexpr Window port_window{Space::Ports, {{0xC000}, 0x4000}};
constexpr std::uint64_t command = 0x04, bar0 = 0x10, bar1 = 0x14, bar2 = 0x18;
constexpr std::uint16_t ports_on = 1 << 0, memory_on = 1 << 1, memory_off = 0;

/// Its BARs, of which the third is at ports, read as what it is called, and remember what was
/// written.
class Named final : public Function {
 public:
  using Move = std::pair<unsigned, std::optional<GuestAddress>>;

  Named(std::uint8_t name, GuestAddress place, GuestAddress ports = {0xC000}) : name_{name} {
    config_.add_bar(0, BarKind::Memory32, 0x1000, place);
    config_.add_bar(1, BarKind::Memory32, 0x100, place + 0x1000);
    config_.add_bar(2, BarKind::Ports, 8, ports);
  }
  void read_config(std::uint64_t offset, std::span<std::byte> data) override {
    config_.read(offset, data);
  }
  void write_config(std::uint64_t offset, std::span<const std::byte> data) override {
    config_.write(offset, data);
  }
  const platform::RegisterPage* config_page() const override {
    return is_plain ? &config_.page() : nullptr;
  }
  std::uint64_t bar_bytes(unsigned bar) const override { return config_.bar_bytes(bar); }
  std::optional<AddressRange> bar_place(unsigned bar) const override {
    return config_.bar_place(bar);
  }
  Space bar_space(unsigned bar) const override { return config_.bar_space(bar); }
  void bar_moved(unsigned bar, std::optional<GuestAddress> to) override {
    moves.emplace_back(bar, to);
  }
  void read_bar(unsigned bar, std::uint64_t, std::span<std::byte> data) override {
    std::ranges::fill(data, static_cast<std::byte>(name_ + bar));
  }
  void write_bar(unsigned bar, std::uint64_t offset, std::span<const std::byte>) override {
    written = {bar, offset};
  }

  bool is_plain = true;
  std::vector<Move> moves;
  std::pair<unsigned, std::uint64_t> written{};

 private:
  const std::uint8_t name_;
  ConfigSpace config_{{.vendor = 0x1234, .device = 0x5678}};
};

/// A guest's view of an address space: pages where some are shown, exits elsewhere.
class FakePages final : public platform::RegisterPages {
 public:
  bool try_show(GuestAddress place, const platform::RegisterPage& page) noexcept override {
    return can_show && shown.emplace(place, &page).second;
  }
  void hide(GuestAddress place) noexcept override {
    CHECK(shown.erase(place) == 1);
    hidden.push_back(place);
  }

  bool can_show = true;
  std::map<GuestAddress, const platform::RegisterPage*> shown;
  std::vector<GuestAddress> hidden;
};

struct Bench {
  Bench() {
    bus.add(1, first);
    bus.add(2, second);
  }
  static constexpr std::uint64_t of(unsigned device, std::uint64_t offset) {
    return std::uint64_t{device} << 15 | offset;
  }
  void turn_on(unsigned device) { write_to(bus, of(device, command), memory_on); }
  std::uint8_t at(std::uint64_t address) {
    return read_from(memory, address - window.range.start.value);
  }
  std::uint8_t at_port(std::uint64_t port) {
    return read_from(ports, port - port_window.range.start.value);
  }

  Named first{0x10, {0xD000'0000}};
  Named second{0x20, {0xD000'2000}};
  RootBus bus{std::vector{window, port_window}};
  BarWindow memory{window, bus.bars()};
  BarWindow ports{port_window, bus.bars()};
};

}  // namespace

TEST_CASE("pci bus: the host bridge, its functions, and all ones where there is none",
          "[devices][pci]") {
  Bench bench;
  CHECK(read_from<std::uint32_t>(bench.bus, 0) == 0x0008'1B36);
  CHECK(read_from<std::uint32_t>(bench.bus, 8) == 0x0600'0000);
  CHECK(read_from<std::uint32_t>(bench.bus, Bench::of(1, 0)) == 0x5678'1234);
  CHECK(read_from<std::uint32_t>(bench.bus, Bench::of(3, 0)) == 0xFFFF'FFFF);
  CHECK(read_from<std::uint32_t>(bench.bus, Bench::of(31, 0)) == 0xFFFF'FFFF);
  CHECK(read_from<std::uint32_t>(bench.bus, Bench::of(1, 0x1000)) == 0xFFFF'FFFF);  // function 1
  CHECK(read_from<std::uint32_t>(bench.bus, Bench::of(1, 0x100)) == 0);
  CHECK(read_from<std::uint64_t>(bench.bus, Bench::of(1, 0xFFC)) == 0);
  CHECK(read_from<std::uint16_t>(bench.bus, RootBus::ecam_bytes) == 0xFFFF);
  write_to(bench.bus, Bench::of(3, bar0), 0u);
  write_to(bench.bus, Bench::of(0, bar0), 0xFFFF'FFFFu);
  CHECK(read_from<std::uint32_t>(bench.bus, bar0) == 0);
}

TEST_CASE("pci bus: a place is given out once", "[devices][pci]") {
  Bench bench;
  Named another{0x30, {0xD000'4000}};
  for (const unsigned taken : {0u, 1u, 32u, 1000u}) {
    CHECK_THROWS_AS(bench.bus.add(taken, another), std::invalid_argument);
  }
  CHECK_NOTHROW(bench.bus.add(31, another));
  CHECK(device_id_of(31) == 0xF8);
}

TEST_CASE("pci bus: a BAR answers once memory is on, and follows the driver", "[devices][pci]") {
  Bench bench;
  CHECK(bench.at(0xD000'0000) == 0xFF);
  bench.turn_on(1);
  CHECK(bench.at(0xD000'0000) == 0x10);
  CHECK(bench.at(0xD000'0FFF) == 0x10);
  CHECK(bench.at(0xD000'1000) == 0x11);
  CHECK(bench.at(0xD000'1100) == 0xFF);
  CHECK(bench.first.moves ==
        std::vector<Named::Move>{{0u, GuestAddress{0xD000'0000}}, {1u, GuestAddress{0xD000'1000}}});
  bench.first.moves.clear();
  write_to(bench.bus, Bench::of(1, bar0), 0xD000'8000u);
  CHECK(bench.at(0xD000'0000) == 0xFF);
  CHECK(bench.at(0xD000'8000) == 0x10);
  write_to(bench.memory, 0x8123, std::uint8_t{1});
  CHECK(bench.first.written == std::pair{0u, std::uint64_t{0x123}});
  write_to(bench.bus, Bench::of(1, command), std::uint16_t{0});
  CHECK(bench.at(0xD000'8000) == 0xFF);
  CHECK(bench.first.moves ==
        std::vector<Named::Move>{{0u, GuestAddress{0xD000'8000}}, {0u, {}}, {1u, {}}});
  CHECK(bench.second.moves.empty());
}

TEST_CASE("pci bus: other writes move nothing", "[devices][pci]") {
  Bench bench;
  bench.turn_on(1);
  bench.first.moves.clear();
  bench.turn_on(1);
  write_to(bench.bus, Bench::of(1, bar0), 0xD000'0FFFu);
  write_to(bench.bus, Bench::of(1, 0x3C), std::uint8_t{7});
  CHECK(bench.first.moves.empty());
}

TEST_CASE("pci bus: a BAR outside of the bridge's window answers nowhere", "[devices][pci]") {
  Bench bench;
  bench.turn_on(1);
  bench.first.moves.clear();
  for (const std::uint32_t place : {0u, 0xCFFF'F000u, 0xD010'0000u, 0xFFFF'F000u}) {
    write_to(bench.bus, Bench::of(1, bar0), place);
    CHECK(bench.at(0xD000'0000) == 0xFF);
  }
  CHECK(bench.first.moves == std::vector<Named::Move>{{0u, {}}});
  write_to(bench.bus, Bench::of(1, bar0), 0xD00F'F000u);
  CHECK(bench.at(0xD00F'FFFF) == 0x10);
}

TEST_CASE("pci bus: ports answer once they are on, and follow the driver", "[devices][pci]") {
  Bench bench;
  bench.turn_on(1);
  bench.first.moves.clear();
  CHECK(bench.at_port(0xC000) == 0xFF);
  write_to(bench.bus, Bench::of(1, command), ports_on);
  CHECK(bench.at_port(0xC000) == 0x12);
  CHECK(bench.at_port(0xC007) == 0x12);
  CHECK(bench.at_port(0xC008) == 0xFF);
  write_to(bench.bus, Bench::of(1, bar2), 0xFFFF'FFFFu);  // as a driver asks for its size
  CHECK(bench.at_port(0xFFF8) == 0x12);
  write_to(bench.bus, Bench::of(1, bar2), 0xD008u);
  CHECK(bench.at_port(0xFFF8) == 0xFF);
  write_to(bench.ports, 0x100A, std::uint16_t{1});
  CHECK(bench.first.written == std::pair{2u, std::uint64_t{2}});
  write_to(bench.bus, Bench::of(1, command), memory_off);
  CHECK(bench.at_port(0xD008) == 0xFF);
  CHECK(bench.first.moves == std::vector<Named::Move>{{0u, {}},
                                                      {1u, {}},
                                                      {2u, GuestAddress{0xC000}},
                                                      {2u, GuestAddress{0xFFF8}},
                                                      {2u, GuestAddress{0xD008}},
                                                      {2u, {}}});
}

TEST_CASE("pci bus: neither space's window hands on what is in the other's", "[devices][pci]") {
  constexpr Window low{Space::Memory, port_window.range};
  Named function{0x10, {0xC000}, {0xD000}};
  RootBus bus{std::vector{low}};
  bus.add(1, function);
  write_to(bus, Bench::of(1, command), static_cast<std::uint16_t>(ports_on | memory_on));
  CHECK(function.moves ==
        std::vector<Named::Move>{{0u, GuestAddress{0xC000}}, {1u, GuestAddress{0xD000}}});
  BarWindow memory{low, bus.bars()};
  BarWindow ports{port_window, bus.bars()};
  CHECK(read_from(memory, 0) == 0x10);
  CHECK(read_from(ports, 0) == 0xFF);
}

TEST_CASE("pci bus: ports outside of the bridge's window answer nowhere", "[devices][pci]") {
  Bench bench;
  write_to(bench.bus, Bench::of(1, command), ports_on);
  bench.first.moves.clear();
  for (const std::uint32_t place : {0u, 0x3F8u, 0x400u, 0xCF8u, 0xBFF8u}) {
    write_to(bench.bus, Bench::of(1, bar2), place);
    CHECK(bench.at_port(0xC000) == 0xFF);
  }
  CHECK(bench.first.moves == std::vector<Named::Move>{{2u, {}}});
}

TEST_CASE("pci bus: of BARs over each other one answers", "[devices][pci]") {
  Bench bench;
  bench.turn_on(1);
  bench.turn_on(2);
  write_to(bench.bus, Bench::of(2, bar0), 0xD000'0000u);
  write_to(bench.bus, Bench::of(2, bar1), 0xD000'0F80u);
  CHECK(bench.at(0xD000'0000) == 0x10);
  CHECK(bench.at(0xD000'0F80) == 0x10);
  write_to(bench.bus, Bench::of(1, command), std::uint16_t{0});
  CHECK(bench.at(0xD000'0000) == 0x20);
}

TEST_CASE("pci bus: an access that leaves a BAR is nobody's", "[devices][pci]") {
  Bench bench;
  bench.turn_on(1);
  CHECK(read_from<std::uint32_t>(bench.memory, 0xFFE) == 0xFFFF'FFFF);
  CHECK(read_from<std::uint32_t>(bench.memory, 0xFFC) == 0x1010'1010);
  write_to(bench.bus, Bench::of(1, command), ports_on);
  CHECK(read_from<std::uint32_t>(bench.ports, 6) == 0xFFFF'FFFF);
  CHECK(read_from<std::uint32_t>(bench.ports, 4) == 0x1212'1212);
}

TEST_CASE("pci bus: BARs move while other processors look", "[devices][pci]") {
  Bench bench;
  bench.turn_on(1);
  bench.turn_on(2);
  std::atomic<bool> done = false;
  std::thread mover{[&] {
    for (std::uint32_t i = 0; i < 2000; ++i) {
      write_to(bench.bus, Bench::of(1, bar0), 0xD000'0000u + (i % 16) * 0x1000);
      write_to(bench.bus, Bench::of(2, command), i % 2 == 0 ? memory_on : memory_off);
    }
    done = true;
  }};
  bool sane = true;
  while (!done) {
    for (std::uint64_t page = 0; page < 16; ++page) {
      const std::uint8_t seen = bench.at(0xD000'0000 + page * 0x1000);
      sane = sane && (seen == 0xFF || seen == 0x10 || seen == 0x11 || seen == 0x20 || seen == 0x21);
    }
  }
  mover.join();
  CHECK(sane);
}

TEST_CASE("pci: first places lie at multiples of their sizes, until the window is full",
          "[devices][pci]") {
  BarPlacer placer{{{0xD000'0000}, 0x1'0000}};
  CHECK(placer.take(0x100) == GuestAddress{0xD000'0000});
  CHECK(placer.take(0x4000) == GuestAddress{0xD000'4000});
  CHECK(placer.take(0x1000) == GuestAddress{0xD000'8000});
  CHECK_THROWS_AS(placer.take(0x8000), std::length_error);
  CHECK(placer.take(0x4000) == GuestAddress{0xD000'C000});
  CHECK_THROWS_AS(placer.take(1), std::length_error);
}

namespace {

constexpr GuestAddress ecam{0xE000'0000};

/// A bus whose configuration spaces a back end shows, with a function as device 1.
struct ShownBench {
  explicit ShownBench(FakePages& in) : bus{std::vector{window}, RootBus::Ecam{ecam, in}} {
    bus.add(1, function);
  }
  Named function{0x10, {0xD000'0000}};
  RootBus bus;
};

}  // namespace

TEST_CASE("pci bus: a guest is shown the configuration spaces, as they change", "[devices][pci]") {
  FakePages pages;
  ShownBench bench{pages};
  REQUIRE(pages.shown.size() == 2);
  CHECK(pages.shown.begin()->first == ecam);  // the bridge
  const auto [place, page] = *pages.shown.rbegin();
  CHECK(place == ecam + Bench::of(1, 0));
  write_to(bench.bus, Bench::of(1, command), memory_on);
  write_to(bench.bus, Bench::of(1, bar0), 0xD000'4321u);
  for (std::uint64_t at = 0; at < page->bytes.size(); ++at) {
    CAPTURE(at);
    CHECK(page->bytes[at] == std::byte{read_from(bench.bus, Bench::of(1, at))});
  }
  CHECK(page->bytes[bar0 + 1] == std::byte{0x40});
  CHECK(pages.hidden.empty());
}

TEST_CASE("pci bus: one that is no more than memory no longer is hidden, for good",
          "[devices][pci]") {
  FakePages pages;
  ShownBench bench{pages};
  for (const bool is_plain : {true, false, false, true, false}) {
    bench.function.is_plain = is_plain;
    write_to(bench.bus, Bench::of(1, command), memory_on);
  }
  CHECK(pages.hidden == std::vector{ecam + Bench::of(1, 0)});
  CHECK(pages.shown.size() == 1);
}

TEST_CASE("pci bus: what the back end cannot show it need not hide", "[devices][pci]") {
  FakePages pages;
  pages.can_show = false;
  ShownBench bench{pages};
  bench.function.is_plain = false;
  write_to(bench.bus, Bench::of(1, command), memory_on);
  CHECK(pages.hidden.empty());
  CHECK(read_from<std::uint32_t>(bench.bus, Bench::of(1, 0)) == 0x5678'1234);
}
