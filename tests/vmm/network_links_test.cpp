#include "vmm/network_links.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/test_loop.hpp"
#include "vmm/boot_files.hpp"

namespace {

using vmm::NetConfig;
using vmm::NetworkLinks;

std::string refusal(const NetConfig& config) {
  TestLoop loop;
  try {
    NetworkLinks links{std::array{config}, loop.executor()};
    links.wait_until_ready();
  } catch (const vmm::BadInput& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("network links: one that cannot be had is bad input", "[vmm]") {
  CHECK(refusal({.kind = NetConfig::Kind::Tap, .tap_name = "no-such-tap"}) ==
        "--net: use tap 'no-such-tap': No such device");
  CHECK(refusal({.kind = NetConfig::Kind::Descriptor, .descriptor = 987}) ==
        "--net: use descriptor 987 as a tap, which it is not: Bad file descriptor");
}

TEST_CASE("network links: a machine needs none", "[vmm]") {
  TestLoop loop;
  NetworkLinks links{{}, loop.executor()};
  links.wait_until_ready();
  CHECK(links.setups().empty());
}
