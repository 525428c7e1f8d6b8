#include "vmm/net_options.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>

#include "vmm/options.hpp"

namespace {

using namespace vmm;
using Kind = NetConfig::Kind;

NetConfig network(const std::string& text) {
  return option_values::networks(std::array{text}).at(0);
}

std::string refusal(const std::vector<std::string>& texts) {
  try {
    (void)option_values::networks(texts);
  } catch (const BadUsage& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("net options: what a device is plugged into", "[vmm][options]") {
  CHECK(network("tap=tap0") == NetConfig{.kind = Kind::Tap, .tap_name = "tap0"});
  CHECK(network("fd=7,mtu=9000") ==
        NetConfig{.kind = Kind::Descriptor, .descriptor = 7, .mtu_bytes = 9000});
  CHECK(network("user") == NetConfig{.kind = Kind::User});
  CHECK(network("tap=t,queues=4,mac=52:54:00:Ab:cd:ef") ==
        NetConfig{.kind = Kind::Tap,
                  .tap_name = "t",
                  .mac = platform::MacAddress{0x52, 0x54, 0, 0xAB, 0xCD, 0xEF},
                  .queues = 4});
  const NetConfig user = network("user,hostfwd=tcp::80-:8080,hostfwd=udp:127.0.0.1:53-:53");
  REQUIRE(user.forwards.size() == 2);
  CHECK(user.forwards[1].protocol == platform::PortForward::Protocol::Udp);
}

TEST_CASE("net options: one line says what is wrong with it", "[vmm][options]") {
  for (const char* const neither : {"mtu=1500", "tap=a,user", "fd=3,user", "tap=a,fd=3"}) {
    INFO(neither);
    CHECK(refusal({neither}) == std::string{"--net: found '"} + neither +
                                    "', expected one of tap=NAME, fd=N and user in it");
  }
  for (const char* const wrong :
       {"", "1", "02:00:00:00:00", "02:00:00:00:00:01:02", "02-00-00-00-00-01", "0x:00:00:00:00:01",
        "01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "02:00:00:00:00:1 "}) {
    INFO(wrong);
    CHECK(refusal({std::string{"user,mac="} + wrong}).starts_with("--net: found mac"));
  }
  CHECK(refusal({"user,hostfwd=tcp:80"}) ==
        "--net: found hostfwd=tcp:80, expected tcp:ADDR:PORT-:PORT or udp:ADDR:PORT-:PORT");
  CHECK(refusal({"tap=a,hostfwd=tcp::1-:1"}).find("expected it with user alone") !=
        std::string::npos);
  CHECK(refusal({"user,queues=2"}).find("expected it with tap= alone") != std::string::npos);
  CHECK(refusal({"tap=a,queues=17"}).starts_with("--net: found queues=17"));
  CHECK(refusal({"tap=a,mtu=67"}).starts_with("--net: found mtu=67"));
  CHECK(refusal({"fd=2"}).starts_with("--net: found fd=2"));
  CHECK(refusal({"user,transport=isa"}) ==
        "--net transport: found 'isa', expected one of mmio, pci");
  CHECK(refusal({"user,bridge=br0"}).starts_with("--net: found 'bridge'"));
}

TEST_CASE("net options: what two devices cannot share", "[vmm][options]") {
  CHECK(refusal({"user", "user", "tap=a", "tap=b", "fd=3", "fd=4"}).empty());
  CHECK(refusal({"tap=a", "user", "tap=a"}).starts_with("--net: found tap=a twice"));
  CHECK(refusal({"fd=3", "fd=3"}).starts_with("--net: found fd=3 twice"));
  CHECK(refusal({"user,mac=02:00:00:00:00:01", "tap=a,mac=02:00:00:00:00:01"})
            .starts_with("--net: found mac=02:00:00:00:00:01 twice"));
}
