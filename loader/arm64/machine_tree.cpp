#include "loader/arm64/machine_tree.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "loader/arm64/tree_devices.hpp"
#include "loader/arm64/tree_interrupts.hpp"
#include "loader/arm64/tree_pci.hpp"
#include "loader/arm64/tree_writer.hpp"
#include "loader/image.hpp"

namespace loader::arm64 {
namespace {

using namespace platform::arm64;
using platform::GuestAddress;

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
  void put_processor_map(const std::vector<Phandle>& processors);
  void put_psci();
  void put_memory();
  void put_distances();
  void put_interrupt_controller();
  void put_registers(TreeWriter::Node& node, const GicV2& gic);
  void put_registers(TreeWriter::Node& node, const GicV3& gic);
  void put_messages(const NoMsi&) {}
  void put_messages(const GicV2m& v2m);
  void put_messages(const GicIts& its);
  void answer_to_messages(TreeWriter::Node& node);
  void put_timer();
  void put_pmu();

  void put_node_id(TreeWriter::Node& node, std::uint32_t numa_node);
  /// A single processor should have none.
  [[nodiscard]] bool has_processor_map() const { return machine_.processors.size() > 1; }
  [[nodiscard]] const PlatformConfig& platform() const { return machine_.platform; }

  const Machine& machine_;
  const std::uint32_t nodes_;
  TreeWriter tree_;
  Phandle gic_ = tree_.new_phandle();
  std::optional<Phandle> messages_;  // who takes them, once there is somebody to send any
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
    put_devices(tree_, machine_);
    if (machine_.pci) put_pci_host(tree_, *machine_.pci, messages_);
  }
  return finished(std::move(tree_));
}

/// They also number the ports: ttyAMA0 is serial0, wherever its registers lie.
void MachineTree::put_aliases() {
  if (machine_.serial_ports.empty()) return;
  auto node = tree_.node("aliases");
  for (std::size_t index = 0; index < machine_.serial_ports.size(); ++index) {
    node.string(fmt::format("serial{}", index).c_str(),
                unit_name("/serial", machine_.serial_ports[index].base));
  }
}

void MachineTree::put_processors() {
  auto cpus = tree_.node("cpus");
  cpus.u32("#address-cells", 2);  // MPIDR_EL1's size; arm/cpus.yaml
  cpus.u32("#size-cells", 0);
  std::vector<Phandle> phandles;
  for (const Processor& processor : machine_.processors) {
    auto cpu = tree_.node(unit_name("cpu", {processor.mpidr}));
    cpu.string("device_type", "cpu");
    cpu.string("compatible", "arm,armv8");
    cpu.u64("reg", processor.mpidr);
    cpu.string("enable-method", "psci");
    put_node_id(cpu, processor.node);
    if (!has_processor_map()) continue;
    phandles.push_back(tree_.new_phandle());
    cpu.answer_to(phandles.back());
  }
  put_processor_map(phandles);
}

/// cpu/cpu-topology.txt: a single socket goes without saying. Each NUMA node with processors is a
/// cluster, since Linux takes those of a cluster to be near each other
/// (drivers/base/arch_topology.c, cpu_coregroup_mask). Kernels before 5.10 would make packages of
/// the MPIDRs.
void MachineTree::put_processor_map(const std::vector<Phandle>& processors) {
  if (!has_processor_map()) return;
  std::map<std::uint32_t, std::vector<Phandle>> nodes;
  for (std::size_t index = 0; index < processors.size(); ++index) {
    nodes[machine_.processors[index].node].push_back(processors[index]);
  }
  auto map = tree_.node("cpu-map");
  int cluster_number = 0;
  for (const auto& [numa_node, members] : nodes) {
    auto cluster = tree_.node(fmt::format("cluster{}", cluster_number++));
    for (std::size_t number = 0; number < members.size(); ++number) {
      auto core = tree_.node(fmt::format("core{}", number));
      core.reference("cpu", members[number]);
    }
  }
}

void MachineTree::put_psci() {
  auto node = tree_.node("psci");
  node.strings("compatible", {"arm,psci-1.0", "arm,psci-0.2"});
  node.string("method", "hvc");
}

void MachineTree::put_memory() {
  for (const Memory& memory : machine_.memory) {
    auto node = tree_.node(unit_name("memory", memory.range.start));
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
  auto node = tree_.node(unit_name("interrupt-controller", platform().gic_distributor_base));
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
  auto node = tree_.node(unit_name("v2m", v2m.frame_base));
  node.string("compatible", "arm,gic-v2m-frame");
  answer_to_messages(node);
  node.cells("reg", Cells{}.range({v2m.frame_base, gic_v2m_bytes}));
  // Stands for the frame's own register MSI_TYPER, and so counts as that does: 32 is the first SPI.
  node.u32("arm,msi-base-spi", v2m.spi_base.value);
  node.u32("arm,msi-num-spis", v2m.spi_count);
}

void MachineTree::put_messages(const GicIts& its) {
  auto node = tree_.node(unit_name("msi-controller", its.its_base));
  node.string("compatible", "arm,gic-v3-its");
  answer_to_messages(node);
  node.u32("#msi-cells", 1);
  node.cells("reg", Cells{}.range({its.its_base, gic_its_bytes}));
}

void MachineTree::answer_to_messages(TreeWriter::Node& node) {
  node.flag("msi-controller");
  if (!machine_.pci) return;
  messages_ = tree_.new_phandle();
  node.answer_to(*messages_);
}

/// What a guest at EL1 has of arm,arch_timer.yaml. A kernel that knows no interrupt-names counts
/// from the secure timer on, and so uses the physical one, rightly.
void MachineTree::put_timer() {
  auto node = tree_.node("timer");
  node.string("compatible", "arm,armv8-timer");
  Cells interrupts;
  append_interrupt(interrupts, machine_, phys_timer_ppi, Trigger::LevelHigh);
  append_interrupt(interrupts, machine_, platform().virt_timer_ppi, Trigger::LevelHigh);
  node.cells("interrupts", interrupts);
  node.strings("interrupt-names", {"phys", "virt"});
  node.flag("always-on");
}

void MachineTree::put_pmu() {
  if (!platform().pmu_gsiv) return;
  auto node = tree_.node("pmu");
  node.string("compatible", "arm,armv8-pmuv3");
  node.cells("interrupts", interrupt_cells(machine_, *platform().pmu_gsiv, Trigger::LevelHigh));
}

void MachineTree::put_node_id(TreeWriter::Node& node, std::uint32_t numa_node) {
  if (nodes_ > 1) node.u32("numa-node-id", numa_node);
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
