#include "loader/arm64/machine_tree.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "loader/arm64/tree_writer.hpp"
#include "loader/image.hpp"

namespace loader::arm64 {
namespace {

using namespace platform::arm64;
using platform::AddressRange;
using platform::Gsi;
using platform::GuestAddress;

constexpr std::uint32_t gic_v2_max_processors = 8;
constexpr std::uint64_t primecell_bytes = 0x1000;
constexpr std::uint32_t clock_hz = 24'000'000;
// What a PL011's own identification registers say (DDI 0183, UARTPeriphID: r1p5). A kernel told of
// it does not read them: eight exits less for each port. The PL031's binding has no place for its.
constexpr std::uint32_t pl011_peripheral_id = 0x0034'1011;

/// The flags of arm,gic-v3.yaml; a GICv2's are the same.
enum class Trigger : std::uint32_t { EdgeRising = 1, LevelHigh = 4 };

std::string at(const char* name, GuestAddress address) {
  return fmt::format("{}@{:x}", name, address.value);
}

void put_chosen(TreeWriter& tree, const Chosen& chosen, bool has_console) {
  auto node = tree.node("chosen");
  node.string("bootargs", chosen.bootargs);
  if (has_console) node.string("stdout-path", "serial0:115200n8");
  if (chosen.initrd) {
    node.u64("linux,initrd-start", chosen.initrd->start.value);
    node.u64("linux,initrd-end", chosen.initrd->end().value);
  }
  if (!chosen.rng_seed.empty()) node.bytes("rng-seed", chosen.rng_seed);
  if (chosen.kaslr_seed != 0) node.u64("kaslr-seed", chosen.kaslr_seed);
  if (!chosen.efi) return;
  node.u64("linux,uefi-system-table", chosen.efi->system_table.value);
  node.u64("linux,uefi-mmap-start", chosen.efi->memory_map.value);
  node.u32("linux,uefi-mmap-size", chosen.efi->memory_map_bytes);
  node.u32("linux,uefi-mmap-desc-size", chosen.efi->descriptor_bytes);
  node.u32("linux,uefi-mmap-desc-ver", chosen.efi->descriptor_version);
  // Debian's and Ubuntu's kernels take none of the hand-off without it; others do not know it.
  constexpr std::uint32_t secure_boot_disabled = 2;
  node.u32("linux,uefi-secure-boot", secure_boot_disabled);
}

void put_root_cells(TreeWriter::Node& root) {
  root.u32("#address-cells", 2);
  root.u32("#size-cells", 2);
}

Bytes finished(TreeWriter&& tree) {
  Bytes bytes = std::move(tree).finish();
  if (bytes.size() > max_tree_bytes) {
    throw LoadError{"device tree: found {} bytes, expected at most {}", bytes.size(),
                    max_tree_bytes};
  }
  return bytes;
}

class MachineTree {
 public:
  explicit MachineTree(const Machine& machine) : machine_{machine}, nodes_{node_count(machine)} {}

  Bytes write(const Chosen& chosen) &&;

 private:
  void put_aliases();
  void put_processors();
  void put_psci();
  void put_memory();
  void put_distances();
  void put_interrupt_controller();
  void put_registers(TreeWriter::Node& node, const GicV2& gic);
  void put_registers(TreeWriter::Node& node, const GicV3& gic);
  void put_messages(const NoMsi&) {}
  void put_messages(const GicV2m& v2m);
  void put_messages(const GicIts& its);
  void put_timer();
  void put_pmu();
  void put_clock();
  void put_serial_ports();
  void put_rtc();
  void put_virtio();
  void put_vmbus();

  void put_node_id(TreeWriter::Node& node, std::uint32_t numa_node);
  void put_primecell(TreeWriter::Node& node, const char* kind, GuestAddress base, Gsi interrupt);
  /// Three cells: which kind, which of that kind, how it is triggered.
  void append_interrupt(Cells& cells, Gsi interrupt, Trigger trigger) const;
  [[nodiscard]] Cells interrupt(Gsi interrupt, Trigger trigger) const;
  [[nodiscard]] bool needs_clock() const {
    return !machine_.serial_ports.empty() || machine_.rtc.has_value();
  }
  [[nodiscard]] const PlatformConfig& platform() const { return machine_.platform; }

  const Machine& machine_;
  const std::uint32_t nodes_;
  TreeWriter tree_;
  Phandle gic_ = tree_.new_phandle();
  Phandle clock_;
};

Bytes MachineTree::write(const Chosen& chosen) && {
  {
    auto root = tree_.node("");
    put_root_cells(root);
    root.string("model", "Mayfly");
    root.string("compatible", "linux,dummy-virt");
    root.reference("interrupt-parent", gic_);
    put_chosen(tree_, chosen, !machine_.serial_ports.empty());
    put_aliases();
    put_processors();
    put_psci();
    put_memory();
    put_distances();
    put_interrupt_controller();
    put_timer();
    put_pmu();
    put_clock();
    put_serial_ports();
    put_rtc();
    put_virtio();
    put_vmbus();
  }
  return finished(std::move(tree_));
}

/// They also number the ports: ttyAMA0 is serial0, wherever its registers lie.
void MachineTree::put_aliases() {
  if (machine_.serial_ports.empty()) return;
  auto node = tree_.node("aliases");
  for (std::size_t index = 0; index < machine_.serial_ports.size(); ++index) {
    node.string(fmt::format("serial{}", index).c_str(),
                at("/serial", machine_.serial_ports[index].base));
  }
}

void MachineTree::put_processors() {
  auto cpus = tree_.node("cpus");
  cpus.u32("#address-cells", 2);  // MPIDR_EL1's size; arm/cpus.yaml
  cpus.u32("#size-cells", 0);
  for (const Processor& processor : machine_.processors) {
    auto cpu = tree_.node(at("cpu", {processor.mpidr}));
    cpu.string("device_type", "cpu");
    cpu.string("compatible", "arm,armv8");
    cpu.u64("reg", processor.mpidr);
    cpu.string("enable-method", "psci");
    put_node_id(cpu, processor.node);
  }
}

void MachineTree::put_psci() {
  auto node = tree_.node("psci");
  node.strings("compatible", {"arm,psci-1.0", "arm,psci-0.2"});
  node.string("method", "hvc");
}

void MachineTree::put_memory() {
  for (const Memory& memory : machine_.memory) {
    auto node = tree_.node(at("memory", memory.range.start));
    node.string("device_type", "memory");
    node.cells("reg", Cells{}.range(memory.range));
    put_node_id(node, memory.node);
  }
}

void MachineTree::put_distances() {
  const auto& distances = machine_.node_distances;
  if (!distances.empty() && distances.size() != std::size_t{nodes_} * nodes_) {
    throw LoadError{"node_distances: found {}, expected one for each two of {} nodes",
                    distances.size(), nodes_};
  }
  if (nodes_ == 1) return;
  Cells matrix;
  for (std::uint32_t from = 0; from < nodes_; ++from) {
    for (std::uint32_t to = 0; to < nodes_; ++to) {
      const std::uint32_t unsaid = from == to ? 10 : 20;
      matrix.u32(from).u32(to).u32(distances.empty() ? unsaid
                                                     : distances[std::size_t{from} * nodes_ + to]);
    }
  }
  auto node = tree_.node("distance-map");
  node.string("compatible", "numa-distance-map-v1");
  node.cells("distance-matrix", matrix);
}

void MachineTree::put_interrupt_controller() {
  auto node = tree_.node(at("interrupt-controller", platform().gic_distributor_base));
  std::visit([&](const auto& gic) { put_registers(node, gic); }, platform().gic_version);
  node.flag("interrupt-controller");
  node.u32("#interrupt-cells", 3);
  node.answer_to(gic_);
  if (std::holds_alternative<NoMsi>(platform().gic_msi)) {
    node.u32("#address-cells", 0);
  } else {
    node.u32("#address-cells", 2);
    node.u32("#size-cells", 2);
    node.flag("ranges");
  }
  std::visit([&](const auto& messages) { put_messages(messages); }, platform().gic_msi);
}

void MachineTree::put_registers(TreeWriter::Node& node, const GicV2& gic) {
  node.string("compatible", "arm,cortex-a15-gic");
  node.cells("reg", Cells{}
                        .range({platform().gic_distributor_base, gic_v2_distributor_bytes})
                        .range({gic.cpu_interface_base, gic_v2_cpu_interface_bytes}));
}

void MachineTree::put_registers(TreeWriter::Node& node, const GicV3& gic) {
  node.string("compatible", "arm,gic-v3");
  node.cells("reg", Cells{}
                        .range({platform().gic_distributor_base, gic_distributor_bytes})
                        .range({gic.gic_redistributors_base,
                                gic_redistributor_bytes * machine_.processors.size()}));
}

void MachineTree::put_messages(const GicV2m& v2m) {
  auto node = tree_.node(at("v2m", v2m.frame_base));
  node.string("compatible", "arm,gic-v2m-frame");
  node.flag("msi-controller");
  node.cells("reg", Cells{}.range({v2m.frame_base, gic_v2m_bytes}));
  // Stands for the frame's own register MSI_TYPER, and so counts as that does: 32 is the first SPI.
  node.u32("arm,msi-base-spi", v2m.spi_base.value);
  node.u32("arm,msi-num-spis", v2m.spi_count);
}

void MachineTree::put_messages(const GicIts& its) {
  auto node = tree_.node(at("msi-controller", its.its_base));
  node.string("compatible", "arm,gic-v3-its");
  node.flag("msi-controller");
  node.u32("#msi-cells", 1);
  node.cells("reg", Cells{}.range({its.its_base, gic_its_bytes}));
}

/// What a guest at EL1 has of arm,arch_timer.yaml. A kernel that knows no interrupt-names counts
/// from the secure timer on, and so uses the physical one, rightly.
void MachineTree::put_timer() {
  auto node = tree_.node("timer");
  node.string("compatible", "arm,armv8-timer");
  Cells interrupts;
  append_interrupt(interrupts, phys_timer_ppi, Trigger::LevelHigh);
  append_interrupt(interrupts, platform().virt_timer_ppi, Trigger::LevelHigh);
  node.cells("interrupts", interrupts);
  node.strings("interrupt-names", {"phys", "virt"});
  node.flag("always-on");
}

void MachineTree::put_pmu() {
  if (!platform().pmu_gsiv) return;
  auto node = tree_.node("pmu");
  node.string("compatible", "arm,armv8-pmuv3");
  node.cells("interrupts", interrupt(*platform().pmu_gsiv, Trigger::LevelHigh));
}

void MachineTree::put_clock() {
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
void MachineTree::put_serial_ports() {
  for (const SerialPort& port : machine_.serial_ports) {
    auto node = tree_.node(at("serial", port.base));
    put_primecell(node, "arm,pl011", port.base, port.interrupt);
    node.u32("arm,primecell-periphid", pl011_peripheral_id);
    node.strings("clock-names", {"uartclk", "apb_pclk"});
    node.cells("clocks", Cells{}.phandle(clock_).phandle(clock_));
  }
}

void MachineTree::put_rtc() {
  if (!machine_.rtc) return;
  auto node = tree_.node(at("rtc", machine_.rtc->base));
  put_primecell(node, "arm,pl031", machine_.rtc->base, machine_.rtc->interrupt);
  node.string("clock-names", "apb_pclk");
  node.reference("clocks", clock_);
}

void MachineTree::put_virtio() {
  for (const VirtioMmio& device : machine_.virtio_mmio) {
    auto node = tree_.node(at("virtio", device.registers.start));
    node.string("compatible", "virtio,mmio");
    node.cells("reg", Cells{}.range(device.registers));
    node.cells("interrupts", interrupt(device.interrupt, Trigger::LevelHigh));
    node.flag("dma-coherent");
  }
}

/// The binding has one size cell; a window that does not go into it gets two.
void MachineTree::put_vmbus() {
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
  auto node = tree_.node(at("vmbus", windows.front().start));
  node.string("compatible", "microsoft,vmbus");
  node.u32("#address-cells", 2);
  node.u32("#size-cells", small ? 1 : 2);
  node.cells("ranges", ranges);
  node.cells("interrupts", interrupt(platform().vmbus_ppi, Trigger::EdgeRising));
  node.flag("dma-coherent");
}

void MachineTree::put_node_id(TreeWriter::Node& node, std::uint32_t numa_node) {
  if (nodes_ > 1) node.u32("numa-node-id", numa_node);
}

void MachineTree::put_primecell(TreeWriter::Node& node, const char* kind, GuestAddress base,
                                Gsi irq) {
  node.strings("compatible", {kind, "arm,primecell"});
  node.cells("reg", Cells{}.range({base, primecell_bytes}));
  node.cells("interrupts", interrupt(irq, Trigger::LevelHigh));
}

void MachineTree::append_interrupt(Cells& cells, Gsi interrupt, Trigger trigger) const {
  if (interrupt.value < first_ppi || interrupt.value >= platform().gic_nr_irqs) {
    throw LoadError{"device tree: found interrupt {}, expected one in {}..{}", interrupt.value,
                    first_ppi, platform().gic_nr_irqs - 1};
  }
  const auto flags = static_cast<std::uint32_t>(trigger);
  if (!is_ppi(interrupt)) {
    cells.u32(0).u32(interrupt.value - first_spi).u32(flags);
    return;
  }
  std::uint32_t mask = 0;  // a GICv2 is told which processors have it
  if (std::holds_alternative<GicV2>(platform().gic_version)) {
    mask = (1u << std::min<std::size_t>(machine_.processors.size(), gic_v2_max_processors)) - 1;
  }
  cells.u32(1).u32(interrupt.value - first_ppi).u32(mask << 8 | flags);
}

Cells MachineTree::interrupt(Gsi interrupt, Trigger trigger) const {
  Cells cells;
  append_interrupt(cells, interrupt, trigger);
  return cells;
}

}  // namespace

std::uint32_t node_count(const Machine& machine) {
  std::uint32_t highest = 0;
  for (const Processor& processor : machine.processors) highest = std::max(highest, processor.node);
  for (const Memory& memory : machine.memory) highest = std::max(highest, memory.node);
  if (highest >= max_nodes) {
    throw LoadError{"found NUMA node {}, expected one in 0..{}", highest, max_nodes - 1};
  }
  return highest + 1;
}

Bytes machine_tree(const Machine& machine, const Chosen& chosen) {
  return MachineTree{machine}.write(chosen);
}

Bytes stub_tree(const Chosen& chosen) {
  TreeWriter tree;
  {
    auto root = tree.node("");
    put_root_cells(root);
    put_chosen(tree, chosen, false);
  }
  return finished(std::move(tree));
}

}  // namespace loader::arm64
