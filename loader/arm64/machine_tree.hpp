// What an AArch64 Linux is told about its machine: the device tree of all of it, or, where ACPI
// tables describe the machine, a tree that holds no more than /chosen.
//
// Spec: Devicetree Specification 0.4, chapter 3; the bindings in Linux
//       Documentation/devicetree/bindings; Documentation/arch/arm/uefi.rst (/chosen's EFI part).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "loader/arm64/machine.hpp"
#include "loader/bytes.hpp"
#include "platform/address.hpp"

namespace loader::arm64 {

/// The largest tree a kernel takes (Linux Documentation/arch/arm64/booting.rst, 2).
inline constexpr std::uint64_t max_tree_bytes = 0x20'0000;

/// The most NUMA nodes a tree may speak of: for each two of them there is a distance.
inline constexpr std::uint32_t max_nodes = 256;

/// What an EFI stub would have left for the kernel behind it.
struct EfiHandOff {
  platform::GuestAddress system_table;
  platform::GuestAddress memory_map;
  std::uint32_t memory_map_bytes = 0;
  std::uint32_t descriptor_bytes = 0;
  std::uint32_t descriptor_version = 0;
  friend bool operator==(const EfiHandOff&, const EfiHandOff&) = default;
};

/// What a boot is, beside the machine. What is empty, absent or 0 is left out of the tree.
struct Chosen {
  std::string bootargs = {};
  std::optional<platform::AddressRange> initrd = {};
  Bytes rng_seed = {};
  std::uint64_t kaslr_seed = 0;
  std::optional<EfiHandOff> efi = {};
  friend bool operator==(const Chosen&, const Chosen&) = default;
};

/// A tree cannot show a PowerButton (a PowerKey it can), how many interrupts the controller has, or
/// MMIO windows that no VMBus hands out.
///
/// Expects a platform that platform::arm64::validate() accepts. Throws LoadError for an interrupt
/// the controller does not have, more than `max_nodes` nodes, distances that are not one for each
/// two of them, a power key on no pin of a PL061, a VMBus without MMIO windows, or a tree of more
/// than `max_tree_bytes`.
[[nodiscard]] Bytes machine_tree(const Machine& machine, const Chosen& chosen);

/// Linux takes ACPI tables over a device tree only if the tree has no node but /chosen.
/// Throws LoadError for a tree of more than `max_tree_bytes`.
[[nodiscard]] Bytes stub_tree(const Chosen& chosen);

/// How many NUMA nodes a machine has: one more than the highest number of any. Throws LoadError for
/// more than `max_nodes`.
[[nodiscard]] std::uint32_t node_count(const Machine& machine);

}  // namespace loader::arm64
