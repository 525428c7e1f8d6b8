#include "platform/port_forward.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <charconv>

namespace platform {
namespace {

/// What is before the separator, which goes, too; nothing if it is not there.
std::optional<std::string_view> take_until(std::string_view& text, std::string_view separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view before = text.substr(0, at);
  text.remove_prefix(at + separator.size());
  return before;
}

std::optional<std::uint16_t> port(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

std::optional<std::array<std::uint8_t, 4>> address(std::string_view text) {
  std::array<std::uint8_t, 4> bytes{};
  if (text.empty()) return bytes;
  if (::inet_pton(AF_INET, std::string{text}.c_str(), bytes.data()) != 1) return std::nullopt;
  return bytes;
}

std::optional<PortForward::Protocol> protocol(std::string_view text) {
  if (text == "tcp") return PortForward::Protocol::Tcp;
  if (text == "udp") return PortForward::Protocol::Udp;
  return std::nullopt;
}

}  // namespace

std::optional<PortForward> parse_port_forward(std::string_view text) {
  const auto protocol_text = take_until(text, ":");
  const auto address_text = take_until(text, ":");
  const auto host_text = take_until(text, "-:");
  if (!protocol_text || !address_text || !host_text) return std::nullopt;
  const auto host = address(*address_text);
  const auto which = protocol(*protocol_text);
  const auto host_port = port(*host_text);
  const auto guest_port = port(text);
  if (!host || !which || !host_port || !guest_port) return std::nullopt;
  return PortForward{.protocol = *which,
                     .host_address = *host,
                     .host_port = *host_port,
                     .guest_port = *guest_port};
}

std::string to_text(const PortForward& forward) {
  const auto& [a, b, c, d] = forward.host_address;
  const char* const name = forward.protocol == PortForward::Protocol::Tcp ? "tcp" : "udp";
  return fmt::format("{}:{}.{}.{}.{}:{}-:{}", name, a, b, c, d, forward.host_port,
                     forward.guest_port);
}

}  // namespace platform
