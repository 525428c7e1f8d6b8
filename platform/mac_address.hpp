// The address of an Ethernet interface.
//
// Trust: the text is the operator's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace platform {

using MacAddress = std::array<std::uint8_t, 6>;

/// `02:00:00:00:00:01`. Nothing if it is not like that, or a group's or nobody's.
[[nodiscard]] std::optional<MacAddress> parse_mac_address(std::string_view text);

[[nodiscard]] std::string to_text(const MacAddress& mac);

/// An address for an interface that has been given none: the same again for the same link of the
/// same host, another for any other, locally administered.
[[nodiscard]] MacAddress default_mac_address(std::string_view host, std::string_view link);

}  // namespace platform
