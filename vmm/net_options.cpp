#include "vmm/net_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vmm/key_values.hpp"
#include "vmm/option_values.hpp"
#include "vmm/options.hpp"

namespace vmm::option_values {
namespace {

using Kind = NetConfig::Kind;

constexpr std::uint32_t most_queues = 16;
constexpr std::uint32_t smallest_mtu = 68;    // RFC 791
constexpr std::uint32_t largest_mtu = 65521;  // libslirp's
constexpr std::uint32_t largest_descriptor = 1'000'000;

template <typename... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> message, Args&&... args) {
  throw BadUsage{fmt::format("--net: {}", fmt::format(message, std::forward<Args>(args)...))};
}

platform::MacAddress mac(std::string_view text) {
  if (const auto found = platform::parse_mac_address(text)) return *found;
  refuse("found mac={}, expected one interface's address, such as 02:00:00:00:00:01", text);
}

platform::PortForward forward(std::string_view text) {
  if (const auto found = platform::parse_port_forward(text)) return *found;
  refuse("found hostfwd={}, expected tcp:ADDR:PORT-:PORT or udp:ADDR:PORT-:PORT", text);
}

/// What is behind it: exactly one of three.
void choose_kind(KeyValues& parts, std::string_view text, NetConfig& network) {
  const auto tap = parts.take("tap");
  const auto descriptor = parts.take_number("fd", 3, largest_descriptor);
  const bool user = parts.take_flag("user");
  if ((tap ? 1 : 0) + (descriptor ? 1 : 0) + (user ? 1 : 0) != 1) {
    refuse("found '{}', expected one of tap=NAME, fd=N and user in it", text);
  }
  network.kind = tap ? Kind::Tap : descriptor ? Kind::Descriptor : Kind::User;
  network.tap_name = tap.value_or("");
  if (descriptor) network.descriptor = static_cast<int>(*descriptor);
}

NetConfig network(std::string_view text, VirtioTransport transport) {
  KeyValues parts{"--net", text};
  NetConfig network;
  choose_kind(parts, text, network);
  if (const auto found = parts.take("mac")) network.mac = mac(*found);
  for (const std::string& found : parts.take_all("hostfwd")) {
    network.forwards.push_back(forward(found));
  }
  const auto queues = parts.take_number("queues", 1, most_queues);
  if (const auto found = parts.take_number("mtu", smallest_mtu, largest_mtu)) {
    network.mtu_bytes = static_cast<std::uint16_t>(*found);
  }
  network.transport = take_transport(parts, "--net", transport);
  parts.finish();
  network.queues = static_cast<std::uint16_t>(queues.value_or(1));
  if (network.kind != Kind::User && !network.forwards.empty()) {
    refuse("found hostfwd= in '{}', expected it with user alone", text);
  }
  if (network.kind != Kind::Tap && network.queues != 1) {
    refuse("found queues={} in '{}', expected it with tap= alone", network.queues, text);
  }
  return network;
}

/// What two devices cannot share.
void check_apart(const NetConfig& one, const NetConfig& other) {
  if (one.mac && one.mac == other.mac) {
    refuse("found mac={} twice, expected each device to have its own", platform::to_text(*one.mac));
  }
  if (one.kind == Kind::Tap && other.kind == Kind::Tap && one.tap_name == other.tap_name) {
    refuse("found tap={} twice, expected each device to have its own", one.tap_name);
  }
  if (one.kind == Kind::Descriptor && other.kind == Kind::Descriptor &&
      one.descriptor == other.descriptor) {
    refuse("found fd={} twice, expected each device to have its own", one.descriptor);
  }
}

}  // namespace

std::vector<NetConfig> networks(std::span<const std::string> texts, VirtioTransport transport) {
  std::vector<NetConfig> networks;
  for (const std::string& text : texts) {
    NetConfig next = network(text, transport);
    for (const NetConfig& other : networks) check_apart(other, next);
    networks.push_back(std::move(next));
  }
  return networks;
}

}  // namespace vmm::option_values
