// A machine as its device tree describes it: the way back from machine_tree(), for trees of others
// too. Nodes it does not know, and those that are disabled, are passed over.
//
// Trust: none; see tree_reader.hpp.
#pragma once

#include <cstddef>
#include <span>

#include "loader/arm64/machine.hpp"
#include "loader/arm64/machine_tree.hpp"

namespace loader::arm64 {

/// Devices are children of the root, or of simple buses that translate nothing. The serial port of
/// stdout-path is the first; all others are in the tree's order. Distances that go without saying
/// (10 and 20) are left out. What a tree does not say has its default.
///
/// Throws BadImage, naming node and property, if the tree is malformed, has no processor, interrupt
/// controller (GICv2 or v3) or timer, has two of what a Machine has one of, or describes what
/// platform::arm64::validate() refuses.
[[nodiscard]] Machine parse_machine_tree(std::span<const std::byte> tree);

/// /chosen; also a stub's. Throws BadImage as above.
[[nodiscard]] Chosen parse_chosen(std::span<const std::byte> tree);

}  // namespace loader::arm64
