#include "loader/arm64/tree_parser.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "loader/arm64/tree_pci.hpp"
#include "loader/arm64/tree_power_key.hpp"
#include "loader/arm64/tree_reader.hpp"

namespace loader::arm64 {
namespace {

using namespace platform::arm64;
using platform::AddressRange;
using platform::Gsi;
using platform::GuestAddress;

constexpr std::uint64_t affinity_fields = 0xFF'00FF'FFFF;
constexpr std::uint64_t page_bytes = 0x1000;
constexpr std::uint64_t four_gib = std::uint64_t{1} << 32;
constexpr int max_bus_depth = 4;

/// Whether a bus's addresses mean the same to the processors.
enum class Addresses { AsAbove, Translated };

/// The enabled nodes that stand for something, sorted by what that is.
struct Nodes {
  std::optional<TreeNode> cpus, distances, gic, timer, pmu, rtc, pci, vmbus;
  std::vector<TreeNode> memory, serial_ports, virtio, pl061s, gpio_keys;

  void add_children(const TreeNode& bus, int depth, Addresses addresses);

 private:
  void add(const TreeNode& node, int depth, Addresses addresses);
  void add_bus(const TreeNode& bus, int depth, Addresses above);
};

class Parser {
 public:
  explicit Parser(std::span<const std::byte> bytes) : tree_{bytes} {
    nodes_.add_children(tree_.root(), 0, Addresses::AsAbove);
  }
  Machine parse() &&;

 private:
  void read_processors();
  void read_memory();
  void read_distances();
  void read_interrupt_controller();
  void read_messages(const TreeNode& gic);
  void read_timer();
  void read_pmu();
  void read_serial_ports();
  void read_power_key();
  void read_virtio();
  void read_vmbus();
  void choose_vmbus_ppi();
  void validate_platform() const;

  [[nodiscard]] std::vector<Gsi> interrupts(const TreeNode& node) const;
  [[nodiscard]] Gsi private_interrupt(const TreeNode& node, std::size_t index) const;
  [[nodiscard]] const TreeNode& need(const std::optional<TreeNode>& node, const char* what) const;

  TreeReader tree_;
  Nodes nodes_;
  Machine machine_ = {};
};

void set_once(std::optional<TreeNode>& to, const TreeNode& node) {
  if (to) node.complain("compatible", "found a second node of this kind, expected one");
  to = node;
}

void Nodes::add_children(const TreeNode& bus, int depth, Addresses addresses) {
  for (const TreeNode& node : bus.children()) {
    if (node.is_enabled()) add(node, depth, addresses);
  }
}

void Nodes::add_bus(const TreeNode& bus, int depth, Addresses above) {
  if (depth == max_bus_depth) bus.complain("compatible", "found one bus too many within others");
  const auto ranges = bus.find("ranges");
  add_children(bus, depth + 1, ranges && ranges->empty() ? above : Addresses::Translated);
}

void Nodes::add(const TreeNode& node, int depth, Addresses addresses) {
  struct Kind {
    const char* compatible;
    std::optional<TreeNode> Nodes::*one;
    std::vector<TreeNode> Nodes::*several = nullptr;
  };
  static constexpr std::array kinds{
      Kind{"arm,gic-v3", &Nodes::gic},
      Kind{"arm,cortex-a15-gic", &Nodes::gic},
      Kind{"arm,gic-400", &Nodes::gic},
      Kind{"arm,armv8-timer", &Nodes::timer},
      Kind{"arm,armv8-pmuv3", &Nodes::pmu},
      Kind{"arm,pl031", &Nodes::rtc},
      Kind{pci_host_kind, &Nodes::pci},
      Kind{"microsoft,vmbus", &Nodes::vmbus},
      Kind{"numa-distance-map-v1", &Nodes::distances},
      Kind{"arm,pl011", nullptr, &Nodes::serial_ports},
      Kind{"arm,sbsa-uart", nullptr, &Nodes::serial_ports},
      Kind{"arm,pl061", nullptr, &Nodes::pl061s},
      Kind{"virtio,mmio", nullptr, &Nodes::virtio},
  };
  if (depth == 0 && node.name() == "cpus") return set_once(cpus, node);
  if (node.index_of("device_type", "memory") == 0u) return memory.push_back(node);
  if (node.is_compatible("gpio-keys")) return gpio_keys.push_back(node);
  if (node.is_compatible("simple-bus")) return add_bus(node, depth, addresses);
  const auto kind = std::ranges::find_if(
      kinds, [&](const Kind& known) { return node.is_compatible(known.compatible); });
  if (kind == kinds.end()) return;
  if (addresses == Addresses::Translated) {
    node.complain("reg", "found it on a bus that translates addresses, expected one that does not");
  }
  if (kind->several != nullptr) return (this->*kind->several).push_back(node);
  set_once(this->*kind->one, node);
}

/// The first range of `reg`, which holds at least these many bytes.
GuestAddress base_of(const TreeNode& node, std::uint64_t size_bytes, std::size_t index = 0) {
  const auto ranges = node.registers();
  if (index >= ranges.size() || ranges[index].size_bytes < size_bytes) {
    node.complain("reg", "found {} ranges, expected number {} to have {:#x} bytes", ranges.size(),
                  index + 1, size_bytes);
  }
  return ranges[index].start;
}

std::uint32_t node_id(const TreeNode& node) {
  const std::uint32_t id = node.find_u32("numa-node-id").value_or(0);
  if (id >= max_nodes) {
    node.complain("numa-node-id", "found {}, expected one in 0..{}", id, max_nodes - 1);
  }
  return id;
}

const TreeNode& Parser::need(const std::optional<TreeNode>& node, const char* what) const {
  if (!node) tree_.root().complain(what, "found none, expected one");
  return *node;
}

Machine Parser::parse() && {
  read_processors();
  read_memory();
  read_distances();
  read_interrupt_controller();
  read_timer();
  read_pmu();
  read_serial_ports();
  if (nodes_.rtc) {
    machine_.rtc = Rtc{base_of(*nodes_.rtc, page_bytes), interrupts(*nodes_.rtc)[0]};
  }
  read_power_key();
  read_virtio();
  if (nodes_.pci) machine_.pci = read_pci_host(*nodes_.pci);
  read_vmbus();
  validate_platform();
  return std::move(machine_);
}

/// A processor that is "disabled" is only waiting to be started, if there is a way to do that
/// (Devicetree Specification, 3.8.1).
bool exists(const TreeNode& cpu) {
  return cpu.is_enabled() || (cpu.index_of("status", "disabled") == 0u && cpu.has("enable-method"));
}

void Parser::read_processors() {
  const TreeNode& cpus = need(nodes_.cpus, "cpus");
  std::vector<std::uint64_t> seen;
  for (const TreeNode& cpu : cpus.children()) {
    if (cpu.index_of("device_type", "cpu") != 0u || !exists(cpu)) continue;
    const auto ranges = cpu.registers();
    const std::uint64_t mpidr = ranges[0].start.value;
    if (ranges.size() != 1 || (mpidr & ~affinity_fields) != 0) {
      cpu.complain("reg", "found {:#x}, expected the affinity fields of one MPIDR_EL1", mpidr);
    }
    machine_.processors.push_back({mpidr, node_id(cpu)});
    seen.push_back(mpidr);
  }
  if (seen.empty()) cpus.complain("cpu", "found none, expected one");
  std::ranges::sort(seen);
  if (const auto twice = std::ranges::adjacent_find(seen); twice != seen.end()) {
    cpus.complain("reg", "found two processors {:#x}, expected one", *twice);
  }
}

void Parser::read_memory() {
  for (const TreeNode& node : nodes_.memory) {
    for (const AddressRange& range : node.registers()) {
      if (range.size_bytes != 0) machine_.memory.push_back({range, node_id(node)});
    }
  }
  std::ranges::sort(machine_.memory, {}, [](const Memory& memory) { return memory.range.start; });
  const auto overlap = std::ranges::adjacent_find(
      machine_.memory,
      [](const Memory& one, const Memory& next) { return next.range.start < one.range.end(); });
  if (overlap != machine_.memory.end()) {
    tree_.root().complain("memory", "found two ranges over {:#x}, expected one",
                          std::next(overlap)->range.start.value);
  }
}

/// A distance is the same both ways unless the way back is listed too, later on.
void Parser::read_distances() {
  const std::size_t nodes = node_count(machine_);
  if (nodes == 1 || !nodes_.distances) return;
  std::vector<std::uint8_t> unsaid(nodes * nodes, 20);
  for (std::size_t node = 0; node < nodes; ++node) unsaid[node * nodes + node] = 10;
  std::vector<std::uint8_t> distances = unsaid;
  const auto entries = nodes_.distances->cells("distance-matrix", 3);
  for (std::size_t at = 0; at < entries.size(); at += 3) {
    const std::uint32_t from = entries[at];
    const std::uint32_t to = entries[at + 1];
    if (from >= nodes || to >= nodes || entries[at + 2] > 255) {
      nodes_.distances->complain("distance-matrix",
                                 "found {} from node {} to {}, expected at most 255 and node {}",
                                 entries[at + 2], from, to, nodes - 1);
    }
    const auto distance = static_cast<std::uint8_t>(entries[at + 2]);
    distances[from * nodes + to] = distance;
    if (to > from) distances[to * nodes + from] = distance;
  }
  if (distances != unsaid) machine_.node_distances = std::move(distances);
}

void Parser::read_interrupt_controller() {
  const TreeNode& gic = need(nodes_.gic, "interrupt-controller");
  PlatformConfig& platform = machine_.platform;
  if (gic.is_compatible("arm,gic-v3")) {
    platform.gic_distributor_base = base_of(gic, gic_distributor_bytes);
    const std::uint32_t regions = gic.find_u32("#redistributor-regions").value_or(1);
    if (regions != 1) gic.complain("#redistributor-regions", "found {}, expected 1", regions);
    if (gic.has("redistributor-stride") &&
        gic.number("redistributor-stride") != gic_redistributor_bytes) {
      gic.complain("redistributor-stride", "found {:#x}, expected {:#x}",
                   gic.number("redistributor-stride"), gic_redistributor_bytes);
    }
    platform.gic_version =
        GicV3{base_of(gic, gic_redistributor_bytes * machine_.processors.size(), 1)};
  } else {
    platform.gic_distributor_base = base_of(gic, gic_v2_distributor_bytes);
    platform.gic_version = GicV2{base_of(gic, gic_v2_cpu_interface_bytes, 1)};
  }
  read_messages(gic);
}

void Parser::read_messages(const TreeNode& gic) {
  GicMsi& messages = machine_.platform.gic_msi;
  for (const TreeNode& node : gic.children()) {
    const bool is_v2m = node.is_compatible("arm,gic-v2m-frame");
    if (!node.is_enabled() || !(is_v2m || node.is_compatible("arm,gic-v3-its"))) continue;
    if (!std::holds_alternative<NoMsi>(messages)) {
      node.complain("compatible", "found a second receiver of messages, expected one");
    }
    if (const auto ranges = gic.bytes("ranges"); !ranges.empty()) {
      gic.complain("ranges", "found {} bytes, expected none: addresses as above", ranges.size());
    }
    if (is_v2m) {
      messages = GicV2m{base_of(node, gic_v2m_bytes), Gsi{node.u32("arm,msi-base-spi")},
                        node.u32("arm,msi-num-spis")};
    } else {
      messages = GicIts{base_of(node, gic_its_bytes)};
    }
  }
}

/// At least one. The cells are those of arm,gic-v3.yaml: kind, number, flags, perhaps a partition.
std::vector<Gsi> Parser::interrupts(const TreeNode& node) const {
  const TreeNode& gic = *nodes_.gic;
  const auto phandle = gic.find_u32("phandle");
  if (!phandle || node.interrupt_parent() != *phandle) {
    node.complain("interrupt-parent", "found {}, expected the interrupt controller",
                  node.interrupt_parent());
  }
  const std::uint32_t record_cells = gic.u32("#interrupt-cells");
  if (record_cells < 3 || record_cells > 4) {
    gic.complain("#interrupt-cells", "found {}, expected 3 or 4", record_cells);
  }
  const auto cells = node.cells("interrupts", record_cells);
  std::vector<Gsi> interrupts;
  for (std::size_t at = 0; at < cells.size(); at += record_cells) {
    const bool is_private = cells[at] == 1;
    const std::uint32_t first = is_private ? first_ppi : first_spi;
    const std::uint32_t end = is_private ? first_spi : machine_.platform.gic_nr_irqs;
    if (cells[at] > 1 || cells[at + 1] >= end - first) {
      node.complain("interrupts", "found number {} of kind {}, expected 0, 0..{}, or 1, 0..15",
                    cells[at + 1], cells[at], machine_.platform.gic_nr_irqs - first_spi - 1);
    }
    interrupts.push_back({first + cells[at + 1]});
  }
  return interrupts;
}

Gsi Parser::private_interrupt(const TreeNode& node, std::size_t index) const {
  const auto all = interrupts(node);
  if (index >= all.size() || !is_ppi(all[index])) {
    node.complain("interrupts", "found {}, expected number {} to be a private one", all.size(),
                  index + 1);
  }
  return all[index];
}

/// By name, else by the binding's order: secure, physical, virtual, hypervisor's.
void Parser::read_timer() {
  const TreeNode& timer = need(nodes_.timer, "timer");
  constexpr std::size_t virtual_timer = 2;
  const auto named = timer.index_of("interrupt-names", "virt");
  if (timer.has("interrupt-names") && !named) {
    timer.complain("interrupt-names", "found no \"virt\", expected one");
  }
  machine_.platform.virt_timer_ppi = private_interrupt(timer, named.value_or(virtual_timer));
}

void Parser::read_pmu() {
  if (nodes_.pmu) machine_.platform.pmu_gsiv = private_interrupt(*nodes_.pmu, 0);
}

void Parser::read_serial_ports() {
  std::optional<int> console;
  for (const TreeNode& node : tree_.root().children()) {
    if (node.name() != "chosen" || !node.has("stdout-path")) continue;
    console = tree_.offset_of(node.text("stdout-path"));
  }
  auto& nodes = nodes_.serial_ports;
  const auto is_console = [&](const TreeNode& node) { return console && node.is_at(*console); };
  std::stable_partition(nodes.begin(), nodes.end(), is_console);
  for (const TreeNode& node : nodes) {
    machine_.serial_ports.push_back({base_of(node, page_bytes), interrupts(node)[0]});
  }
}

void Parser::read_power_key() {
  if (const auto key = find_power_key(nodes_.gpio_keys, nodes_.pl061s)) {
    machine_.power_key =
        PowerKey{base_of(key->pl061, page_bytes), interrupts(key->pl061)[0], key->pin};
  }
}

void Parser::read_virtio() {
  for (const TreeNode& node : nodes_.virtio) {
    machine_.virtio_mmio.push_back({node.registers()[0], interrupts(node)[0]});
  }
}

void Parser::read_vmbus() {
  if (!nodes_.vmbus) return choose_vmbus_ppi();
  const TreeNode& vmbus = *nodes_.vmbus;
  machine_.platform.vmbus_ppi = private_interrupt(vmbus, 0);
  machine_.has_vmbus = true;
  const auto windows = vmbus.windows();
  const std::size_t low = windows[0].start.value < four_gib ? 0 : 1;
  const auto is_low = [](const AddressRange& window) { return window.end().value <= four_gib; };
  if (windows.size() > 2 || low >= windows.size() || !is_low(windows[low]) ||
      (windows.size() == 2 && windows[1 - low].start.value < four_gib)) {
    vmbus.complain("ranges", "found {} windows, expected one below 4 GiB, and one above or none",
                   windows.size());
  }
  machine_.mmio_windows = MmioWindows{windows[low], {}};
  if (windows.size() == 2) machine_.mmio_windows->high = windows[1 - low];
}

/// The tree does not say which it would be: any that nothing else has.
void Parser::choose_vmbus_ppi() {
  PlatformConfig& platform = machine_.platform;
  const auto taken = [&](Gsi ppi) {
    return ppi == platform.virt_timer_ppi || ppi == phys_timer_ppi || ppi == platform.pmu_gsiv;
  };
  for (std::uint32_t ppi = first_ppi; taken(platform.vmbus_ppi); ++ppi) platform.vmbus_ppi = {ppi};
}

void Parser::validate_platform() const {
  try {
    validate(machine_.platform, static_cast<std::uint32_t>(machine_.processors.size()));
  } catch (const InvalidConfig& error) {
    throw BadImage{"device tree: {}", error.what()};
  }
}

}  // namespace

Machine parse_machine_tree(std::span<const std::byte> tree) {
  return Parser{tree}.parse();
}

}  // namespace loader::arm64
