#include "loader/arm64/tree_devices.hpp"

#include <algorithm>
#include <vector>

#include <fmt/core.h>

#include "loader/arm64/tree_interrupts.hpp"
#include "loader/arm64/tree_power_key.hpp"
#include "loader/image.hpp"

namespace loader::arm64 {
namespace {

using platform::AddressRange;
using platform::Gsi;
using platform::GuestAddress;

constexpr std::uint64_t primecell_bytes = 0x1000;
constexpr std::uint32_t clock_hz = 24'000'000;
// What a PL011's own identification registers say (DDI 0183, UARTPeriphID: r1p5). A kernel told of
// it does not read them: eight exits less for each port. The bindings of PL031 and PL061 have no
// place for theirs.
constexpr std::uint32_t pl011_peripheral_id = 0x0034'1011;

class Devices {
 public:
  Devices(TreeWriter& tree, const Machine& machine) : tree_{tree}, machine_{machine} {}
  void put();

 private:
  void put_clock();
  void put_serial_ports();
  void put_rtc();
  void put_power_key();
  void put_gpio_controller(const PowerKey& key, Phandle gpio);
  void put_virtio();
  void put_vmbus();

  void put_primecell(TreeWriter::Node& node, const char* kind, GuestAddress base, Gsi interrupt);
  [[nodiscard]] Cells interrupt(Gsi interrupt, Trigger trigger) const {
    return interrupt_cells(machine_, interrupt, trigger);
  }
  [[nodiscard]] bool needs_clock() const {
    return !machine_.serial_ports.empty() || machine_.rtc || machine_.power_key;
  }

  TreeWriter& tree_;
  const Machine& machine_;
  Phandle clock_;
};

void Devices::put() {
  put_clock();
  put_serial_ports();
  put_rtc();
  put_power_key();
  put_virtio();
  put_vmbus();
}

void Devices::put_clock() {
  if (!needs_clock()) return;
  auto node = tree_.node(fmt::format("clock-{}", clock_hz));
  node.string("compatible", "fixed-clock");
  node.u32("#clock-cells", 0);
  node.u32("clock-frequency", clock_hz);
  clock_ = tree_.new_phandle();
  node.answer_to(clock_);
}

/// PL011s by that name: their driver makes ttyAMA of them, sets their speed, and is the one that
/// stdout-path means to earlycon. An arm,sbsa-uart would be a platform device, which nothing beside
/// "arm,primecell" becomes.
void Devices::put_serial_ports() {
  for (const SerialPort& port : machine_.serial_ports) {
    auto node = tree_.node(unit_name("serial", port.base));
    put_primecell(node, "arm,pl011", port.base, port.interrupt);
    node.u32("arm,primecell-periphid", pl011_peripheral_id);
    node.strings("clock-names", {"uartclk", "apb_pclk"});
    node.cells("clocks", Cells{}.phandle(clock_).phandle(clock_));
  }
}

void Devices::put_rtc() {
  if (!machine_.rtc) return;
  auto node = tree_.node(unit_name("rtc", machine_.rtc->base));
  put_primecell(node, "arm,pl031", machine_.rtc->base, machine_.rtc->interrupt);
  node.string("clock-names", "apb_pclk");
  node.reference("clocks", clock_);
}

/// input/gpio-keys.yaml: a press is what KEY_POWER of any keyboard would be.
void Devices::put_power_key() {
  if (!machine_.power_key) return;
  const PowerKey& key = *machine_.power_key;
  if (key.pin >= pl061_pins) {
    throw LoadError{"power_key: found pin {}, expected one in 0..{}", key.pin, pl061_pins - 1};
  }
  const Phandle gpio = tree_.new_phandle();
  put_gpio_controller(key, gpio);
  auto keys = tree_.node("gpio-keys");
  keys.string("compatible", "gpio-keys");
  auto button = tree_.node("power-button");
  button.u32("linux,code", linux_key_power);
  button.cells("gpios", Cells{}.phandle(gpio).u32(key.pin).u32(gpio_active_high));
}

/// gpio/pl061-gpio.yaml. It is an interrupt controller too, each of whose pins may interrupt.
void Devices::put_gpio_controller(const PowerKey& key, Phandle gpio) {
  auto node = tree_.node(unit_name("gpio", key.base));
  put_primecell(node, "arm,pl061", key.base, key.interrupt);
  node.string("clock-names", "apb_pclk");
  node.reference("clocks", clock_);
  node.flag("gpio-controller");
  node.u32("#gpio-cells", pl061_gpio_cells);
  node.flag("interrupt-controller");
  node.u32("#interrupt-cells", 2);
  node.u32("#address-cells", 0);  // no child has registers; dtc 1.6 asks
  node.answer_to(gpio);
}

void Devices::put_virtio() {
  for (const VirtioMmio& device : machine_.virtio_mmio) {
    auto node = tree_.node(unit_name("virtio", device.registers.start));
    node.string("compatible", "virtio,mmio");
    node.cells("reg", Cells{}.range(device.registers));
    node.cells("interrupts", interrupt(device.interrupt, Trigger::EdgeRising));
    node.flag("dma-coherent");
  }
}

/// The binding has one size cell; a window that does not go into it gets two.
void Devices::put_vmbus() {
  if (!machine_.has_vmbus) return;
  if (!machine_.mmio_windows) throw LoadError{"has_vmbus: found no mmio_windows, expected some"};
  std::vector<AddressRange> windows{machine_.mmio_windows->low};
  if (machine_.mmio_windows->high) windows.push_back(*machine_.mmio_windows->high);
  const bool small = std::ranges::all_of(
      windows, [](const AddressRange& window) { return window.size_bytes >> 32 == 0; });
  Cells ranges;
  for (const AddressRange& window : windows) {
    ranges.u64(window.start.value).u64(window.start.value);  // the bus's address, and ours
    small ? ranges.u32(static_cast<std::uint32_t>(window.size_bytes))
          : ranges.u64(window.size_bytes);
  }
  auto node = tree_.node(unit_name("vmbus", windows.front().start));
  node.string("compatible", "microsoft,vmbus");
  node.u32("#address-cells", 2);
  node.u32("#size-cells", small ? 1 : 2);
  node.cells("ranges", ranges);
  node.cells("interrupts", interrupt(machine_.platform.vmbus_ppi, Trigger::EdgeRising));
  node.flag("dma-coherent");
}

void Devices::put_primecell(TreeWriter::Node& node, const char* kind, GuestAddress base, Gsi irq) {
  node.strings("compatible", {kind, "arm,primecell"});
  node.cells("reg", Cells{}.range({base, primecell_bytes}));
  node.cells("interrupts", interrupt(irq, Trigger::LevelHigh));
}

}  // namespace

void put_devices(TreeWriter& tree, const Machine& machine) {
  Devices{tree, machine}.put();
}

}  // namespace loader::arm64
