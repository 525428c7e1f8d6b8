// A flattened device tree as libfdt reads it: what the tests hold ours against.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <libfdt.h>

#include <catch2/catch_test_macros.hpp>

#include "loader/bytes.hpp"

class FlatTree {
 public:
  using Numbers = std::vector<std::uint32_t>;
  using Texts = std::vector<std::string>;

  explicit FlatTree(loader::Bytes bytes) : bytes_{std::move(bytes)} {
    REQUIRE(::fdt_check_full(fdt(), bytes_.size()) == 0);
    REQUIRE(fdt_totalsize(fdt()) == bytes_.size());
  }

  /// By full path or alias.
  [[nodiscard]] bool has(const std::string& path) const {
    return ::fdt_path_offset(fdt(), path.c_str()) >= 0;
  }
  [[nodiscard]] bool has(const std::string& path, const char* property) const {
    return ::fdt_getprop(fdt(), offset(path), property, nullptr) != nullptr;
  }
  [[nodiscard]] loader::Bytes bytes(const std::string& path, const char* property) const {
    int size_bytes = 0;
    INFO(path << ": " << property);
    const void* const value = ::fdt_getprop(fdt(), offset(path), property, &size_bytes);
    REQUIRE(value != nullptr);
    const auto* const first = static_cast<const std::byte*>(value);
    return {first, first + size_bytes};
  }
  [[nodiscard]] Numbers cells(const std::string& path, const char* property) const {
    const loader::Bytes value = bytes(path, property);
    REQUIRE(value.size() % 4 == 0);
    Numbers cells;
    for (std::size_t at = 0; at < value.size(); at += 4) {
      cells.push_back(::fdt32_ld(reinterpret_cast<const fdt32_t*>(value.data() + at)));
    }
    return cells;
  }
  [[nodiscard]] Texts texts(const std::string& path, const char* property) const {
    const loader::Bytes value = bytes(path, property);
    Texts texts;
    const auto* text = reinterpret_cast<const char*>(value.data());
    for (const auto* const end = text + value.size(); text != end;
         text += texts.back().size() + 1) {
      REQUIRE(end[-1] == '\0');
      texts.emplace_back(text);
    }
    return texts;
  }
  [[nodiscard]] Texts children(const std::string& path) const {
    Texts names;
    int child = 0;
    fdt_for_each_subnode(child, fdt(), offset(path)) {
      names.emplace_back(::fdt_get_name(fdt(), child, nullptr));
    }
    return names;
  }
  /// The node with this phandle; empty if none.
  [[nodiscard]] std::string path_of(std::uint32_t phandle) const {
    const int node = ::fdt_node_offset_by_phandle(fdt(), phandle);
    std::string path(256, '\0');
    if (node < 0 || ::fdt_get_path(fdt(), node, path.data(), 256) < 0) return "";
    return path.c_str();
  }

 private:
  [[nodiscard]] const void* fdt() const { return bytes_.data(); }
  [[nodiscard]] int offset(const std::string& path) const {
    INFO(path);
    const int node = ::fdt_path_offset(fdt(), path.c_str());
    REQUIRE(node >= 0);
    return node;
  }

  loader::Bytes bytes_;
};
