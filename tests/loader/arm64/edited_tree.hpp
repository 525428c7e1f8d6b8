// A tree of ours that somebody else has been at.
#pragma once

#include <cstring>
#include <string>

#include "loader/arm64/tree_parser.hpp"
#include "tests/loader/arm64/flat_tree.hpp"
#include "tests/loader/arm64/sample_machines.hpp"
#include "tests/loader/guest_ram.hpp"

class EditedTree {
 public:
  explicit EditedTree(const Bytes& tree) : bytes_(tree.size() + 0x2000) {
    REQUIRE(::fdt_open_into(tree.data(), bytes_.data(), static_cast<int>(bytes_.size())) == 0);
  }
  explicit EditedTree(const loader::arm64::Machine& machine)
      : EditedTree{loader::arm64::machine_tree(machine, {})} {}

  EditedTree& set(const std::string& path, const char* property, const Bytes& value) {
    REQUIRE(::fdt_setprop(bytes_.data(), offset(path), property, value.data(),
                          static_cast<int>(value.size())) == 0);
    return *this;
  }
  EditedTree& set(const std::string& path, const char* property, FlatTree::Numbers cells) {
    Bytes value(cells.size() * 4);
    for (std::size_t at = 0; at < cells.size(); ++at) {
      ::fdt32_st(value.data() + at * 4, cells[at]);
    }
    return set(path, property, value);
  }
  EditedTree& set(const std::string& path, const char* property, const char* text) {
    const std::span value{text, std::strlen(text) + 1};
    return set(path, property, Bytes(std::as_bytes(value).begin(), std::as_bytes(value).end()));
  }
  EditedTree& remove(const std::string& path, const char* property) {
    REQUIRE(::fdt_delprop(bytes_.data(), offset(path), property) == 0);
    return *this;
  }
  EditedTree& remove(const std::string& path) {
    REQUIRE(::fdt_del_node(bytes_.data(), offset(path)) == 0);
    return *this;
  }
  EditedTree& add(const std::string& path, const char* name) {
    REQUIRE(::fdt_add_subnode(bytes_.data(), offset(path), name) >= 0);
    return *this;
  }
  [[nodiscard]] FlatTree::Numbers cells(const std::string& path, const char* property) {
    REQUIRE(::fdt_pack(bytes_.data()) == 0);
    bytes_.resize(fdt_totalsize(bytes_.data()));
    return FlatTree{bytes_}.cells(path, property);
  }
  [[nodiscard]] loader::arm64::Machine parsed() const {
    return loader::arm64::parse_machine_tree(bytes_);
  }
  [[nodiscard]] loader::arm64::Chosen chosen() const { return loader::arm64::parse_chosen(bytes_); }

 private:
  [[nodiscard]] int offset(const std::string& path) const {
    const int node = ::fdt_path_offset(bytes_.data(), path.c_str());
    INFO(path);
    REQUIRE(node >= 0);
    return node;
  }
  Bytes bytes_;
};
