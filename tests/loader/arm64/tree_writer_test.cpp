#include "loader/arm64/tree_writer.hpp"

#include "loader/image.hpp"
#include "tests/loader/arm64/flat_tree.hpp"

using namespace loader::arm64;
using loader::Bytes;
using loader::LoadError;

TEST_CASE("device tree: nodes nest as scopes do", "[loader][tree]") {
  TreeWriter writer;
  {
    auto root = writer.node("");
    {
      auto a = writer.node("a");
      auto b = writer.node("b");
    }
    auto c = writer.node("c");
  }
  const FlatTree tree{std::move(writer).finish()};
  CHECK(tree.children("/") == FlatTree::Texts{"a", "c"});
  CHECK(tree.children("/a") == FlatTree::Texts{"b"});
  CHECK(tree.children("/c").empty());
}

TEST_CASE("device tree: values are as the specification lays them out", "[loader][tree]") {
  TreeWriter writer;
  {
    auto root = writer.node("");
    root.flag("flag");
    root.u32("u32", 0x0102'0304);
    root.u64("u64", 0x0102'0304'0506'0708);
    root.string("string", "text");
    root.strings("strings", {"one", "", "three"});
    root.bytes("bytes", Bytes{std::byte{7}});
    root.cells("cells", Cells{}.u32(1).u64(2).range({{3}, 4}));
  }
  const FlatTree tree{std::move(writer).finish()};
  CHECK(tree.bytes("/", "flag").empty());
  const Bytes u32{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  CHECK(tree.bytes("/", "u32") == u32);
  CHECK(tree.cells("/", "u64") == FlatTree::Numbers{0x0102'0304, 0x0506'0708});
  CHECK(tree.texts("/", "string") == FlatTree::Texts{"text"});
  CHECK(tree.bytes("/", "string").size() == 5);
  CHECK(tree.texts("/", "strings") == FlatTree::Texts{"one", "", "three"});
  CHECK(tree.bytes("/", "bytes") == Bytes{std::byte{7}});
  CHECK(tree.cells("/", "cells") == FlatTree::Numbers{1, 0, 2, 0, 3, 0, 4});
}

TEST_CASE("device tree: it grows as it must", "[loader][tree]") {
  TreeWriter writer;
  constexpr int nodes = 3000;
  const Bytes large(70'000, std::byte{0xA5});
  {
    auto root = writer.node("");
    root.bytes("large", large);
    for (int index = 0; index < nodes; ++index) {
      auto node = writer.node("node@" + std::to_string(index));
      node.u32(("property-" + std::to_string(index)).c_str(), static_cast<std::uint32_t>(index));
    }
  }
  const FlatTree tree{std::move(writer).finish()};
  CHECK(tree.bytes("/", "large") == large);
  CHECK(tree.children("/").size() == nodes);
  CHECK(tree.cells("/node@2999", "property-2999") == FlatTree::Numbers{2999});
}

TEST_CASE("device tree: a phandle leads to the node that answers to it", "[loader][tree]") {
  TreeWriter writer;
  {
    auto root = writer.node("");
    const Phandle to_a = writer.new_phandle();
    const Phandle to_b = writer.new_phandle();
    root.reference("to-a", to_a);
    root.cells("to-both", Cells{}.phandle(to_b).phandle(to_a));
    {
      auto a = writer.node("a");
      a.answer_to(to_a);
    }
    auto b = writer.node("b");
    b.answer_to(to_b);
  }
  const FlatTree tree{std::move(writer).finish()};
  CHECK(tree.path_of(tree.cells("/", "to-a")[0]) == "/a");
  CHECK(tree.path_of(tree.cells("/", "to-both")[0]) == "/b");
  CHECK(tree.path_of(tree.cells("/", "to-both")[1]) == "/a");
}

TEST_CASE("device tree: what would not be a tree is refused", "[loader][tree]") {
  TreeWriter dangling;
  {
    auto root = dangling.node("");
    root.reference("to", dangling.new_phandle());
  }
  CHECK_THROWS_AS(std::move(dangling).finish(), LoadError);

  TreeWriter late;
  auto root = late.node("");
  { auto child = late.node("child"); }
  CHECK_THROWS_AS(root.u32("late", 1), LoadError);  // behind a child
  auto second = late.node("second");
  CHECK_THROWS_AS(root.u32("late", 1), LoadError);  // within one
  CHECK_THROWS_AS(second.string("text", std::string_view{"a\0b", 3}), LoadError);
  CHECK_THROWS_AS(std::move(late).finish(), LoadError);  // two nodes are open

  TreeWriter huge;
  auto only = huge.node("");
  CHECK_THROWS_AS(only.bytes("huge", Bytes(std::size_t{257} << 20)), LoadError);
}
