// The devices of a machine's tree: what lies in guest-physical memory beside RAM and the GIC.
#pragma once

#include "loader/arm64/machine.hpp"
#include "loader/arm64/tree_writer.hpp"

namespace loader::arm64 {

/// Adds them to the open root. Throws LoadError for an interrupt the controller does not have, a
/// power key on no pin of a PL061, and a VMBus without MMIO windows.
void put_devices(TreeWriter& tree, const Machine& machine);

}  // namespace loader::arm64
