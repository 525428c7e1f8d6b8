#include <cstdint>

#include "loader/arm64/tree_parser.hpp"
#include "loader/arm64/tree_reader.hpp"

namespace loader::arm64 {
namespace {

std::uint32_t small_number(const TreeNode& node, const char* property) {
  const std::uint64_t number = node.number(property);
  if (number >> 32 != 0) node.complain(property, "found {:#x}, expected 32 bits", number);
  return static_cast<std::uint32_t>(number);
}

EfiHandOff efi_hand_off(const TreeNode& node) {
  return {.system_table = {node.number("linux,uefi-system-table")},
          .memory_map = {node.number("linux,uefi-mmap-start")},
          .memory_map_bytes = small_number(node, "linux,uefi-mmap-size"),
          .descriptor_bytes = small_number(node, "linux,uefi-mmap-desc-size"),
          .descriptor_version = small_number(node, "linux,uefi-mmap-desc-ver")};
}

Chosen chosen_of(const TreeNode& node) {
  Chosen chosen;
  if (node.has("bootargs")) chosen.bootargs = node.text("bootargs");
  if (node.has("linux,initrd-start") || node.has("linux,initrd-end")) {
    const std::uint64_t start = node.number("linux,initrd-start");
    const std::uint64_t end = node.number("linux,initrd-end");
    if (end < start)
      node.complain("linux,initrd-end", "found {:#x}, expected {:#x} or more", end, start);
    if (end > start) chosen.initrd = platform::AddressRange{{start}, end - start};
  }
  if (const auto seed = node.find("rng-seed")) chosen.rng_seed.assign(seed->begin(), seed->end());
  if (node.has("kaslr-seed")) chosen.kaslr_seed = node.number("kaslr-seed");
  if (node.has("linux,uefi-system-table")) chosen.efi = efi_hand_off(node);
  return chosen;
}

}  // namespace

Chosen parse_chosen(std::span<const std::byte> tree) {
  const TreeReader reader{tree};
  for (const TreeNode& node : reader.root().children()) {
    if (node.name() == "chosen") return chosen_of(node);
  }
  return {};
}

}  // namespace loader::arm64
