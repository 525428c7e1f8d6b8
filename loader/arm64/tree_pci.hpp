// A PCI Express root complex, as a device tree has it.
//
// Spec:  Linux Documentation/devicetree/bindings/pci/host-generic-pci.yaml, pci-msi.txt; IEEE
//        1275-1994 PCI Bus Binding, 2.2.1.1 (addresses of three cells).
// Trust: none, of a tree made elsewhere; see tree_reader.hpp.
#pragma once

#include <optional>

#include "loader/arm64/tree_reader.hpp"
#include "loader/arm64/tree_writer.hpp"
#include "loader/pci_host.hpp"

namespace loader::arm64 {

/// What a host bridge's node says its kind is.
inline constexpr const char* pci_host_kind = "pci-host-ecam-generic";

/// Adds it to the open root. `messages` stands for who takes its functions' messages, if anybody.
void put_pci_host(TreeWriter& tree, const PciHost& host, std::optional<Phandle> messages);

/// Of a node of that kind: its ECAM, and its window below 4 GiB, whose addresses are the same on
/// both sides. Others are passed over. Throws BadImage when either is missing.
[[nodiscard]] PciHost read_pci_host(const TreeNode& node);

}  // namespace loader::arm64
