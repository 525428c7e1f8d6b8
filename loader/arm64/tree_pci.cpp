#include "loader/arm64/tree_pci.hpp"

#include <algorithm>
#include <vector>

namespace loader::arm64 {
namespace {

// The first cell of an address says in which space it is.
constexpr std::uint32_t space_bits = 0x0300'0000;
constexpr std::uint32_t memory_32 = 0x0200'0000;
constexpr std::uint32_t most_buses = 256;
constexpr std::uint32_t functions_per_bus = 256;

void check_buses(const TreeNode& node, const PciHost& host) {
  const std::uint64_t buses = host.ecam.size_bytes / PciHost::bus_bytes;
  if (buses < 1 || buses > most_buses || host.ecam.size_bytes % PciHost::bus_bytes != 0) {
    node.complain("reg", "found {:#x} bytes, expected {:#x} for each of 1 to {} buses",
                  host.ecam.size_bytes, PciHost::bus_bytes, most_buses);
  }
  if (!node.has("bus-range")) return;
  const auto range = node.cells("bus-range", 2);
  if (range.size() != 2 || range[0] != 0 || range[1] != host.last_bus()) {
    node.complain("bus-range", "found buses {}-{}, expected those of reg: 0-{}", range[0], range[1],
                  host.last_bus());
  }
}

}  // namespace

void put_pci_host(TreeWriter& tree, const PciHost& host, std::optional<Phandle> messages) {
  auto node = tree.node(unit_name("pcie", host.ecam.start));
  node.string("compatible", pci_host_kind);
  node.string("device_type", "pci");
  node.cells("reg", Cells{}.range(host.ecam));
  node.cells("bus-range", Cells{}.u32(0).u32(host.last_bus()));
  node.u32("#address-cells", 3);
  node.u32("#size-cells", 2);
  node.cells("ranges", Cells{}.u32(memory_32).u64(host.window.start.value).range(host.window));
  if (messages) {
    const std::uint32_t functions = functions_per_bus * (host.last_bus() + 1u);
    node.cells("msi-map", Cells{}.u32(0).phandle(*messages).u32(0).u32(functions));
  }
  node.flag("dma-coherent");
}

PciHost read_pci_host(const TreeNode& node) {
  PciHost host{.ecam = node.registers()[0], .window = {}};
  check_buses(node, host);
  const auto windows = node.pci_windows();
  const auto low = std::ranges::find_if(windows, [](const TreeNode::PciWindow& window) {
    return (window.space & space_bits) == memory_32;
  });
  if (low == windows.end()) node.complain("ranges", "found no memory below 4 GiB, expected some");
  if (low->inside != low->range.start) {
    node.complain("ranges", "found {:#x}, expected the same address on both sides",
                  low->inside.value);
  }
  host.window = low->range;
  return host;
}

}  // namespace loader::arm64
