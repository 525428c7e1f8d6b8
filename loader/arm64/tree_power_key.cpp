#include "loader/arm64/tree_power_key.hpp"

#include <map>

#include "loader/arm64/machine.hpp"

namespace loader::arm64 {
namespace {

using ByPhandle = std::map<std::uint32_t, TreeNode>;

ByPhandle by_phandle(std::span<const TreeNode> nodes) {
  ByPhandle sorted;
  for (const TreeNode& node : nodes) {
    if (const auto phandle = node.find_u32("phandle")) sorted.emplace(*phandle, node);
  }
  return sorted;
}

bool is_power_key(const TreeNode& key) {
  return key.is_enabled() && key.find_u32("linux,code") == linux_key_power && key.has("gpios");
}

std::optional<KeyPlace> place_of(const TreeNode& key, const ByPhandle& pl061s) {
  const auto gpios = key.cells("gpios");
  const auto pl061 = pl061s.find(gpios[0]);
  if (pl061 == pl061s.end()) return std::nullopt;
  if (const std::uint32_t cells = pl061->second.u32("#gpio-cells"); cells != pl061_gpio_cells) {
    pl061->second.complain("#gpio-cells", "found {}, expected {}", cells, pl061_gpio_cells);
  }
  if (gpios.size() != 1 + pl061_gpio_cells) {
    key.complain("gpios", "found {} cells, expected {}", gpios.size(), 1 + pl061_gpio_cells);
  }
  const std::uint32_t pin = gpios[1];
  if (pin >= pl061_pins || gpios[2] != gpio_active_high) {
    key.complain("gpios", "found pin {} with flags {:#x}, expected one in 0..{}, active high", pin,
                 gpios[2], pl061_pins - 1);
  }
  return KeyPlace{pl061->second, pin};
}

}  // namespace

std::optional<KeyPlace> find_power_key(std::span<const TreeNode> gpio_keys,
                                       std::span<const TreeNode> pl061s) {
  const ByPhandle sorted = by_phandle(pl061s);
  std::optional<KeyPlace> found;
  for (const TreeNode& keys : gpio_keys) {
    for (const TreeNode& key : keys.children()) {
      if (!is_power_key(key)) continue;
      const auto place = place_of(key, sorted);
      if (place && found) key.complain("linux,code", "found a second power key, expected one");
      if (place) found.emplace(*place);
    }
  }
  return found;
}

}  // namespace loader::arm64
