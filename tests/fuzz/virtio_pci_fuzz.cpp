// A driver that writes anything into the configuration space and the BARs of a virtio-pci function,
// between turns of the Loop.
//
// Input: whether there are ports; steps of an operation, an offset and four bytes of value.

#include <array>
#include <cstdint>
#include <cstring>

#include "devices/pci/bar_window.hpp"
#include "devices/pci/root_bus.hpp"
#include "devices/virtio/entropy.hpp"
#include "devices/virtio/pci_transport.hpp"
#include "platform/guest_memory.hpp"
#include "runtime/loop.hpp"
#include "runtime/scope.hpp"
#include "runtime/timer.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace devices::virtio;
using devices::pci::BarWindow;
using devices::pci::RootBus;
using devices::pci::Space;
using devices::pci::Window;

constexpr std::uint64_t memory_bytes = 0x10000;
constexpr Window memory_window{Space::Memory, {{0xD000'0000}, 0x2'0000}};
constexpr Window port_window{Space::Ports, {{0xC000}, 0x100}};
constexpr std::uint64_t function_at = 1 << 15;  // in the ECAM
// Of the capability for access to registers: which one, and what is written there.
constexpr std::uint64_t access_offset_at = 0x98, access_data_at = 0xA0;

class Nobody final : public platform::InterruptController, public platform::Doorbells {
 public:
  void set_level(platform::Gsi, bool) noexcept override {}
  void send(const platform::Message&, std::uint32_t device_id) noexcept override {
    require(device_id == 8);
  }
  bool try_ring(const platform::Doorbell& doorbell, runtime::Event&) noexcept override {
    if (const auto* const port = std::get_if<platform::Port>(&doorbell.place)) {
      require(port_window.range.contains(platform::GuestAddress{port->value}));
    } else {
      require(memory_window.range.contains(std::get<platform::GuestAddress>(doorbell.place)));
    }
    if (++asked_ % 3 == 0) return false;
    require(++bells_ == 1);
    return true;
  }
  void unring(const platform::Doorbell&, runtime::Event&) noexcept override {
    require(--bells_ == 0);
  }

 private:
  int asked_ = 0;
  int bells_ = 0;
};

struct Guest {
  template <typename T>
  void write(devices::BusDevice& on, std::uint64_t offset, T value) {
    on.write(offset, std::as_bytes(std::span{&value, 1}));
  }
  std::uint32_t read(devices::BusDevice& on, std::uint64_t offset) {
    std::uint32_t value = 0;
    on.read(offset, std::as_writable_bytes(std::span{&value, 1}));
    return value;
  }
  /// Of the function's registers, wherever they are.
  template <typename T>
  void put(std::uint64_t offset, T value) {
    function.write_bar(0, offset, std::as_bytes(std::span{&value, 1}));
  }
  std::uint8_t status() {
    std::uint8_t value = 0;
    function.read_bar(0, 0x14, std::as_writable_bytes(std::span{&value, 1}));
    return value;
  }

  /// What guests read without us is what we would tell them.
  void look_at_page(std::uint64_t offset) {
    const auto* const page = function.config_page();
    if (page == nullptr) return;
    std::uint32_t there = 0;
    std::memcpy(&there, page->bytes.data() + offset, sizeof there);
    require(there == read(bus, function_at + offset));
  }

  /// What no fuzzer would find soon: the way to a running device.
  void set_up() {
    write<std::uint16_t>(bus, function_at + 0x04, 3);
    write<std::uint16_t>(bus, function_at + 0x42, 0x8000);
    put(0x14, std::uint8_t{1});
    put(0x14, std::uint8_t{3});
    put(0x08, 1u);
    put(0x0C, 1u);
    put(0x14, std::uint8_t{11});
    put(0x16, std::uint16_t{0});
    put(0x18, std::uint16_t{8});
    put(0x1A, std::uint16_t{1});
    put(0x20, std::uint64_t{0x1000});
    put(0x28, std::uint64_t{0x2000});
    put(0x30, std::uint64_t{0x3000});
    put(0x1C, std::uint16_t{1});
    put(0x14, std::uint8_t{15});
  }

  void notify() {
    const std::array<std::byte, 2> queue{};
    function.write_bar(has_ports ? 2 : 0, has_ports ? 0 : 0x6000, queue);
  }

  runtime::Loop& loop;
  const bool has_ports;
  platform::GuestMemory memory{std::array{platform::AddressRange{{0}, memory_bytes}}};
  Entropy device;
  Nobody nobody;
  devices::pci::BarPlacer places{memory_window.range};
  devices::pci::BarPlacer ports{port_window.range};
  PciTransport function{{.executor = loop.executor(),
                         .memory = memory,
                         .device = device,
                         .interrupts = nobody,
                         .doorbells = nobody,
                         .device_id = 8,
                         .places = places,
                         .ports = has_ports ? &ports : nullptr}};
  RootBus bus{std::vector{memory_window, port_window}};
  BarWindow registers{memory_window, bus.bars()};
  BarWindow port_registers{port_window, bus.bars()};
};

/// A reset, or a queue's, waits for the Loop, which is this very thread.
bool waits_for_us(std::uint64_t offset) {
  const std::uint64_t at = offset % 0x8000;
  return at == 0x14 || at == 0x3A;
}

/// So does one through the configuration space.
bool waits_for_us(Guest& guest, std::uint64_t config_offset) {
  return config_offset + 4 > access_data_at && config_offset < access_data_at + 4 &&
         waits_for_us(guest.read(guest.bus, function_at + access_offset_at));
}

runtime::Task<> play(Guest& guest, std::span<const std::uint8_t> data, runtime::Scope& tasks) {
  for (std::size_t at = 1; at + 7 <= data.size(); at += 7) {
    std::uint32_t value = 0;
    std::memcpy(&value, &data[at + 3], sizeof value);
    const std::uint64_t offset = data[at + 1] + data[at + 2] * 0x100u;
    switch (data[at] % 10) {
      case 0:
        (void)guest.read(guest.registers, offset);
        break;
      case 1:
        if (!waits_for_us(offset)) guest.write(guest.registers, offset, value);
        break;
      case 2:
        (void)guest.read(guest.bus, function_at + data[at + 1]);
        break;
      case 3:
        if (!waits_for_us(guest, data[at + 1])) {
          guest.write(guest.bus, function_at + data[at + 1], value);
        }
        break;
      case 4:
        if (guest.status() == 0) guest.set_up();
        break;
      case 5:
        (void)guest.memory.store({0x1000u + value % 0x2400}, data[at + 1]);
        guest.notify();
        break;
      case 6:
        guest.put(0x14, static_cast<std::uint8_t>(value | 1));
        break;
      case 7:
        (void)guest.read(guest.port_registers, data[at + 1]);
        break;
      case 8:
        guest.write(guest.port_registers, data[at + 1], value);
        break;
      default:
        co_await runtime::yield();
    }
    require(guest.read(guest.bus, function_at) == 0x1044'1AF4);
    guest.look_at_page(data[at + 1]);
  }
  tasks.request_stop();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0 || size_bytes > 1 + 7 * 200) return 0;
  static runtime::Loop loop;  // a ring of the kernel's for each input would be slow
  Guest guest{.loop = loop, .has_ports = data[0] % 2 == 0};
  guest.bus.add(1, guest.function);
  const auto run = [&](runtime::Scope& tasks) {
    tasks.spawn(guest.function.core().run());
    tasks.spawn(play(guest, {data, size_bytes}, tasks));
  };
  loop.run(runtime::with_scope(run));
  guest.put(0x14, std::uint8_t{0});  // nobody serves it any more, so this does not wait
  return 0;
}
