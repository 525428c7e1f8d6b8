// A port of the host that leads to one of a guest's, behind a network of its own.
//
// Trust: the text is the operator's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace platform {

struct PortForward {
  enum class Protocol : std::uint8_t { Tcp, Udp };

  Protocol protocol = Protocol::Tcp;
  std::array<std::uint8_t, 4> host_address = {};  ///< IPv4; all zero: every address of the host.
  std::uint16_t host_port = 0;
  std::uint16_t guest_port = 0;
  friend bool operator==(const PortForward&, const PortForward&) = default;
};

/// `tcp:127.0.0.1:8080-:80`, or udp; without an address, every one of the host's. Nothing if it is
/// not like that.
[[nodiscard]] std::optional<PortForward> parse_port_forward(std::string_view text);

/// The same in words.
[[nodiscard]] std::string to_text(const PortForward& forward);

}  // namespace platform
