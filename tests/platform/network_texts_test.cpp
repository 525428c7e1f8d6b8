// Addresses and ports in words.
#include <catch2/catch_test_macros.hpp>

#include "platform/mac_address.hpp"
#include "platform/port_forward.hpp"

using namespace platform;

TEST_CASE("MAC addresses: their text, there and back", "[platform]") {
  const MacAddress mac{0x52, 0x54, 0, 0xAB, 0xCD, 0xEF};
  CHECK(parse_mac_address("52:54:00:Ab:cd:ef") == mac);
  CHECK(to_text(mac) == "52:54:00:ab:cd:ef");
  for (const char* const wrong :
       {"", "1", "02:00:00:00:00", "02:00:00:00:00:01:02", "02-00-00-00-00-01", "0x:00:00:00:00:01",
        "-2:00:00:00:00:01", "02:00:00:00:00:1 ", "01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff",
        "00:00:00:00:00:00"}) {
    INFO(wrong);
    CHECK_FALSE(parse_mac_address(wrong));
  }
}

TEST_CASE("MAC addresses: one of its own for each link of each host", "[platform]") {
  const MacAddress mac = default_mac_address("host", "tap0");
  CHECK(mac == default_mac_address("host", "tap0"));
  CHECK(mac != default_mac_address("host", "tap1"));
  CHECK(mac != default_mac_address("another", "tap0"));
  CHECK((mac[0] & 3) == 2);  // one interface's, locally administered
}

TEST_CASE("port forwards: their text, there and back", "[platform]") {
  CHECK(parse_port_forward("tcp:127.0.0.1:8080-:80") ==
        PortForward{.host_address = {127, 0, 0, 1}, .host_port = 8080, .guest_port = 80});
  CHECK(parse_port_forward("udp::53-:5353") ==
        PortForward{.protocol = PortForward::Protocol::Udp, .host_port = 53, .guest_port = 5353});
  CHECK(to_text(*parse_port_forward("udp::53-:5353")) == "udp:0.0.0.0:53-:5353");
  for (const char* const wrong : {"", "tcp", "tcp:", "tcp::-:", "tcp::1", "tcp::1-:0", "tcp::0-:1",
                                  "tcp::1-:65536", "tcp::1-:1x", "sctp::1-:1", "tcp:1.2.3:1-:1",
                                  "tcp:localhost:1-:1", "tcp::1-1", "tcp::-1-:1"}) {
    INFO(wrong);
    CHECK_FALSE(parse_port_forward(wrong));
  }
}
