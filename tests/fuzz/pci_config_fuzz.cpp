// A guest that reads and writes anything in the ECAM, and looks where the BARs are then.
//
// Input: steps of an operation, an offset and a value.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "devices/pci/bar_window.hpp"
#include "devices/pci/root_bus.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace devices::pci;
using platform::AddressRange;
using platform::GuestAddress;

constexpr Window memory_window{Space::Memory, {{0xD000'0000}, 0x10'0000}};
constexpr Window port_window{Space::Ports, {{0xC000}, 0x2000}};
constexpr std::array<std::uint64_t, 5> bar_sizes{0x1000, 0x40, 0x8000, 0 /* its upper half */,
                                                 0x10};
constexpr std::size_t at_ports = 4;

/// Four BARs, the third of 64 bits, the last at ports, which remember where they were said to be.
class Device final : public Function {
 public:
  Device() {
    config_.add_bar(0, BarKind::Memory32, bar_sizes[0], {0xD000'0000});
    config_.add_bar(1, BarKind::Memory32, bar_sizes[1], {0xD000'1000});
    config_.add_bar(2, BarKind::Memory64, bar_sizes[2], {0xD000'8000});
    config_.add_bar(at_ports, BarKind::Ports, bar_sizes[at_ports], {0xC000});
    const std::array<std::byte, 10> body{};
    const std::array writable{std::byte{0}, std::byte{0xC0}};
    config_.add_capability(CapabilityId::Msix, body, writable);
  }
  void read_config(std::uint64_t offset, std::span<std::byte> data) override {
    config_.read(offset, data);
  }
  void write_config(std::uint64_t offset, std::span<const std::byte> data) override {
    config_.write(offset, data);
  }
  std::uint64_t bar_bytes(unsigned bar) const override { return config_.bar_bytes(bar); }
  std::optional<AddressRange> bar_place(unsigned bar) const override {
    return config_.bar_place(bar);
  }
  Space bar_space(unsigned bar) const override { return config_.bar_space(bar); }
  void bar_moved(unsigned bar, std::optional<GuestAddress> to) override {
    require(bar < bar_sizes.size());
    require(to != places[bar]);  // or it has not moved
    places[bar] = to;
  }
  void read_bar(unsigned bar, std::uint64_t offset, std::span<std::byte> data) override {
    require(offset < bar_sizes[bar] && data.size() <= bar_sizes[bar] - offset);
    std::ranges::fill(data, std::byte{0});
  }
  void write_bar(unsigned, std::uint64_t, std::span<const std::byte>) override {}

  std::array<std::optional<GuestAddress>, bar_sizes.size()> places{};

 private:
  ConfigSpace config_{{.vendor = 0x1234, .device = 0x5678}};
};

struct Access {
  std::uint64_t offset;
  std::size_t size_bytes;
  std::uint64_t value;
};

/// Mostly where something is: in one of the first devices' headers.
Access read_access(const std::uint8_t* from) {
  Access access{0, std::size_t{1} << (from[0] & 3), 0};
  const std::uint64_t device = from[0] >> 2 & 3;
  access.offset = (device << 15) + from[1];
  if ((from[0] & 0x40) != 0) access.offset = from[1] * 0x1000u + from[2] * 0x10u;
  std::memcpy(&access.value, from + 3, sizeof access.value);
  return access;
}

std::uint32_t read_word(RootBus& bus, std::uint64_t offset) {
  std::uint32_t value = 0;
  bus.read(offset, std::as_writable_bytes(std::span{&value, 1}));
  return value;
}

/// The windows through which the BARs are reached.
struct Windows {
  explicit Windows(const BarMap& bars) : memory{memory_window, bars}, ports{port_window, bars} {}
  BarWindow memory;
  BarWindow ports;
};

void check(RootBus& bus, Windows& windows, const Device& device) {
  require(read_word(bus, 1 << 15) == 0x5678'1234);
  require(read_word(bus, 0) == 0x0008'1B36);
  require(read_word(bus, 3 << 15) == 0xFFFF'FFFF);
  for (std::size_t bar = 0; bar < bar_sizes.size(); ++bar) {
    if (!device.places[bar]) continue;
    const AddressRange place{*device.places[bar], bar_sizes[bar]};
    const Window& window = bar == at_ports ? port_window : memory_window;
    require(window.range.contains(place));
    require(place.start.value % bar_sizes[bar] == 0);
    std::byte seen{0xFF};
    BarWindow& registers = bar == at_ports ? windows.ports : windows.memory;
    registers.read(place.start - window.range.start, std::span{&seen, 1});
    require(seen == std::byte{0});  // its own or another's over it, but somebody's
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  Device first;
  Device second;
  RootBus bus{std::vector{memory_window, port_window}};
  bus.add(1, first);
  bus.add(2, second);
  Windows windows{bus.bars()};
  for (std::size_t i = 0; i + 11 <= size_bytes; i += 11) {
    Access access = read_access(data + i);
    const auto bytes = std::as_writable_bytes(std::span{&access.value, 1}).first(access.size_bytes);
    if ((data[i] & 0x80) != 0) {
      bus.write(access.offset, bytes);
    } else {
      bus.read(access.offset, bytes);
      const std::uint64_t at = access.value;
      windows.memory.read(at % memory_window.range.size_bytes, bytes);
      windows.ports.read(at % port_window.range.size_bytes, bytes);
    }
    check(bus, windows, first);
    check(bus, windows, second);
  }
  return 0;
}
