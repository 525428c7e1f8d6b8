// A flattened device tree made elsewhere, read node by node.
//
// Spec:  Devicetree Specification 0.4, 2.3 (standard properties) and 5 (the flattened format).
// Trust: none. The format is checked once, as a whole; a property, whenever it is read. What is
//        wrong is a BadImage that names node and property. No call takes longer than in proportion
//        to the tree, which has at most `max_tree_bytes`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "loader/bytes.hpp"
#include "loader/image.hpp"
#include "platform/address.hpp"

namespace loader::arm64 {

class TreeReader;

/// A node of a TreeReader, which outlives it.
class TreeNode {
 public:
  [[nodiscard]] std::string_view name() const;
  /// Not so if its `status` is anything but "okay" (or "ok", of old).
  [[nodiscard]] bool is_enabled() const;
  [[nodiscard]] bool is_compatible(std::string_view kind) const {
    return index_of("compatible", kind).has_value();
  }
  /// In the tree's order.
  [[nodiscard]] std::vector<TreeNode> children() const;

  [[nodiscard]] bool has(const char* property) const { return find(property).has_value(); }
  [[nodiscard]] std::optional<std::span<const std::byte>> find(const char* property) const;
  /// One cell; nothing if the property is absent.
  [[nodiscard]] std::optional<std::uint32_t> find_u32(const char* property) const;
  /// Where `text` is in a list of texts: nowhere if the property is absent.
  [[nodiscard]] std::optional<std::size_t> index_of(const char* property,
                                                    std::string_view text) const;

  // What must be there.
  [[nodiscard]] std::span<const std::byte> bytes(const char* property) const;
  [[nodiscard]] std::uint32_t u32(const char* property) const;
  [[nodiscard]] std::uint64_t number(const char* property) const;  // of one cell or two
  [[nodiscard]] std::string_view text(const char* property) const;
  /// Records of `record_cells` cells each, and at least one record.
  [[nodiscard]] std::vector<std::uint32_t> cells(const char* property,
                                                 std::size_t record_cells = 1) const;
  /// `reg`, by the parent's #address-cells (1 or 2) and #size-cells (0, 1 or 2). None wraps around.
  [[nodiscard]] std::vector<platform::AddressRange> registers() const;
  /// `ranges` of a bus whose addresses are the same above it.
  [[nodiscard]] std::vector<platform::AddressRange> windows() const;
  /// `ranges` of a PCI host bridge, whose addresses have a cell more.
  struct PciWindow {
    std::uint32_t space;            ///< That cell.
    platform::GuestAddress inside;  ///< Where the window begins for its functions,
    platform::AddressRange range;   ///< and for processors.
  };
  [[nodiscard]] std::vector<PciWindow> pci_windows() const;

  /// Its own interrupt-parent, or that of the nearest node above that has one.
  [[nodiscard]] std::uint32_t interrupt_parent() const;

  /// "device tree: /cpus/cpu@0: reg: found ..., expected ..."
  template <typename... Args>
  [[noreturn]] void complain(const char* property, fmt::format_string<Args...> message,
                             Args&&... args) const {
    throw BadImage{"device tree: {}: {}: {}", path(), property,
                   fmt::format(message, std::forward<Args>(args)...)};
  }

  [[nodiscard]] bool is_at(int offset) const { return offset_ == offset; }

 private:
  friend TreeReader;
  /// What a node's parent says about it.
  struct Bus {
    std::uint32_t address_cells = 2;
    std::uint32_t size_cells = 1;
    std::optional<std::uint32_t> interrupt_parent = {};
  };
  TreeNode(const TreeReader& tree, int offset, Bus bus)
      : tree_{&tree}, offset_{offset}, bus_{bus} {}
  [[nodiscard]] std::string path() const;
  [[nodiscard]] Bus bus() const;  // what this node says to its children
  void check_cells(const char* property, const Bus& bus) const;
  [[nodiscard]] platform::AddressRange range(const char* property,
                                             std::span<const std::uint32_t> start,
                                             std::span<const std::uint32_t> size) const;

  const TreeReader* tree_;
  int offset_;
  Bus bus_;
};

class TreeReader {
 public:
  /// Throws BadImage if this is not a flattened tree of version 17.
  explicit TreeReader(std::span<const std::byte> bytes);
  TreeReader(const TreeReader&) = delete;
  TreeReader& operator=(const TreeReader&) = delete;

  [[nodiscard]] TreeNode root() const { return {*this, 0, {}}; }
  /// The node of a full path, or of an alias; what follows a colon is left alone.
  [[nodiscard]] std::optional<int> offset_of(std::string_view path) const;

 private:
  friend TreeNode;
  [[nodiscard]] const void* fdt() const { return bytes_.data(); }

  Bytes bytes_;  // of our own, since libfdt asks for alignment
};

}  // namespace loader::arm64
