// Device trees: whatever the bytes are, they make a machine or one BadImage; and what they make is
// the same again when it is written and read.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "loader/arm64/tree_parser.hpp"
#include "loader/image.hpp"
#include "tests/fuzz/require.hpp"

using namespace loader::arm64;

namespace {

template <typename Parse>
auto parsed(const Parse& parse, std::span<const std::byte> tree)
    -> std::optional<decltype(parse(tree))> {
  try {
    return parse(tree);
  } catch (const loader::BadImage& refusal) {
    require(*refusal.what() != '\0');
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const auto tree = std::as_bytes(std::span{data, size_bytes});
  const auto chosen = parsed(parse_chosen, tree);
  if (chosen) require(parse_chosen(stub_tree(*chosen)) == *chosen);
  const auto machine = parsed(parse_machine_tree, tree);
  if (!machine) return 0;
  const loader::Bytes again = machine_tree(*machine, {});
  require(parse_machine_tree(again) == *machine);
  return 0;
}
