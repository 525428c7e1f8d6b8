#include "platform/mac_address.hpp"

#include <fmt/core.h>

#include <charconv>

namespace platform {
namespace {

std::optional<std::uint8_t> hexadecimal(std::string_view digits) {
  std::uint8_t value = 0;
  const char* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, value, 16);
  if (error != std::errc{} || end != last) return std::nullopt;
  return value;
}

}  // namespace

std::optional<MacAddress> parse_mac_address(std::string_view text) {
  constexpr std::size_t text_size = 17;
  if (text.size() != text_size) return std::nullopt;
  MacAddress mac{};
  for (std::size_t i = 0; i < mac.size(); ++i) {
    const auto byte = hexadecimal(text.substr(3 * i, 2));
    const bool separated = i == 0 || text[3 * i - 1] == ':';
    if (!byte || !separated) return std::nullopt;
    mac[i] = *byte;
  }
  const bool is_group = (mac[0] & 1) != 0;
  if (is_group || mac == MacAddress{}) return std::nullopt;
  return mac;
}

std::string to_text(const MacAddress& mac) {
  const auto& [a, b, c, d, e, f] = mac;
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", a, b, c, d, e, f);
}

/// FNV-1a, 64 bits.
MacAddress default_mac_address(std::string_view host, std::string_view link) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const std::string_view text : {host, std::string_view{"/"}, link}) {
    for (const char letter : text) {
      hash = (hash ^ static_cast<std::uint8_t>(letter)) * 0x100000001B3;
    }
  }
  MacAddress mac{0x02};
  for (std::size_t i = 1; i < mac.size(); ++i) {
    mac[i] = static_cast<std::uint8_t>(hash >> (8 * i));
  }
  return mac;
}

}  // namespace platform
