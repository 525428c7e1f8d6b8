// A flattened device tree, written from front to back. A node is open for as long as its object
// lives, so that scopes nest as the tree does:
//
//   TreeWriter tree;
//   {
//     auto root = tree.node("");
//     root.u32("#address-cells", 2);
//     auto cpus = tree.node("cpus");
//     ...
//   }
//   const Bytes blob = std::move(tree).finish();
//
// Spec: Devicetree Specification 0.4, 2.2.4 (property values) and 5 (the flattened format).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "loader/bytes.hpp"
#include "platform/address.hpp"

namespace loader::arm64 {

/// What one node calls another by. TreeWriter gives them out.
struct Phandle {
  std::uint32_t value = 0;
};

/// A value made of big-endian 32-bit cells.
class Cells {
 public:
  Cells& u32(std::uint32_t value);
  Cells& u64(std::uint64_t value);  // two cells, the higher one first
  Cells& range(platform::AddressRange range) {
    return u64(range.start.value).u64(range.size_bytes);
  }
  Cells& phandle(Phandle phandle) { return u32(phandle.value); }
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

/// The name of a node with registers: "rtc@9010000".
[[nodiscard]] std::string unit_name(std::string_view kind, platform::GuestAddress address);

class TreeWriter {
 public:
  /// An open node. Its properties come before its children; anything else is a LoadError.
  class Node {
   public:
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    ~Node();

    void flag(const char* name);  // without a value: it is there
    void u32(const char* name, std::uint32_t value);
    void u64(const char* name, std::uint64_t value);
    void cells(const char* name, const Cells& cells);
    void bytes(const char* name, std::span<const std::byte> bytes);
    /// Text must be without NULs.
    void string(const char* name, std::string_view text);
    void strings(const char* name, std::initializer_list<std::string_view> texts);
    void reference(const char* name, Phandle to);
    /// Says that this is the node that `phandle` stands for.
    void answer_to(Phandle phandle);

   private:
    friend TreeWriter;
    Node(TreeWriter& tree, const std::string& name);

    TreeWriter& tree_;
    Node* const parent_;
    const std::string name_;
    bool has_children_ = false;
  };

  TreeWriter();
  TreeWriter(const TreeWriter&) = delete;
  TreeWriter& operator=(const TreeWriter&) = delete;

  /// Opens a child of the innermost open node. The first node is the root and has no name.
  [[nodiscard]] Node node(const std::string& name) { return Node{*this, name}; }
  [[nodiscard]] Phandle new_phandle() { return {++phandles_given_out_}; }

  /// The tree. Throws LoadError if a node is still open, or no node answers to some phandle.
  [[nodiscard]] Bytes finish() &&;

 private:
  /// Calls a function of libfdt's sequential-write interface, again in a larger buffer as long as
  /// there is no room.
  template <typename Write>
  void write(const Write& write);
  void grow();
  void close_nodes();

  Bytes buffer_;
  Node* innermost_ = nullptr;
  std::uint32_t nodes_to_close_ = 0;
  std::uint32_t phandles_given_out_ = 0;
  std::uint32_t phandles_answered_ = 0;
};

}  // namespace loader::arm64
