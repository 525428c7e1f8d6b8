// A power button on a GPIO controller's pin, as a device tree has it.
//
// Spec:  Linux Documentation/devicetree/bindings/input/gpio-keys.yaml, gpio/pl061-gpio.yaml and
//        gpio/gpio.txt; input-event-codes.h.
// Trust: none; see tree_reader.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "loader/arm64/tree_reader.hpp"

namespace loader::arm64 {

inline constexpr std::uint32_t linux_key_power = 116;
inline constexpr std::uint32_t pl061_gpio_cells = 2;  // the pin, and flags:
inline constexpr std::uint32_t gpio_active_high = 0;

struct KeyPlace {
  TreeNode pl061;
  std::uint32_t pin = 0;  // below pl061_pins
};

/// Where KEY_POWER is: on a pin of one of the enabled `pl061s`, by one of the enabled `gpio_keys`.
/// Keys on other controllers are passed over. Throws BadImage for two on these, or one that is not
/// active high.
[[nodiscard]] std::optional<KeyPlace> find_power_key(std::span<const TreeNode> gpio_keys,
                                                     std::span<const TreeNode> pl061s);

}  // namespace loader::arm64
