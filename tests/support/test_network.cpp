#include "tests/support/test_network.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstring>

using runtime::UniqueFd;

namespace {

UniqueFd open_tun() {
  return UniqueFd{::open("/dev/net/tun", O_RDWR | O_CLOEXEC)};
}

ifreq request_for(const std::string& name) {
  ifreq request{};
  std::ranges::copy(name, request.ifr_name);
  return request;
}

void bring_up(const std::string& name) {
  const UniqueFd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request = request_for(name);
  REQUIRE(::ioctl(socket.get(), SIOCGIFFLAGS, &request) == 0);
  request.ifr_flags |= IFF_UP;
  REQUIRE(::ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0);
}

bool enter_namespace() {
  return ::unshare(CLONE_NEWNET) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

}  // namespace

TestNetwork::TestNetwork() {
  const bool own_namespace = enter_namespace();
  if (!own_namespace) SKIP("no network namespace of our own: " << std::strerror(errno));
  const UniqueFd tun = open_tun();
  ifreq request = request_for("probe");
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  const bool usable = tun && ::ioctl(tun.get(), TUNSETIFF, &request) == 0;
  if (!usable) SKIP("/dev/net/tun cannot be used: " << std::strerror(errno));
  bring_up("lo");  // other tests in this process expect it
}

void TestNetwork::add_tap(const std::string& name, Queues queues) {
  const UniqueFd tun = open_tun();
  ifreq request = request_for(name);
  const int several = queues == Queues::Many ? IFF_MULTI_QUEUE : 0;
  request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | several);
  REQUIRE(::ioctl(tun.get(), TUNSETIFF, &request) == 0);
  REQUIRE(::ioctl(tun.get(), TUNSETPERSIST, 1) == 0);
  bring_up(name);
}

void TestNetwork::remove_tap(const std::string& name) {
  struct {
    nlmsghdr header;
    ifinfomsg interface;
  } message{};
  message.header = {.nlmsg_len = sizeof message,
                    .nlmsg_type = RTM_DELLINK,
                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
                    .nlmsg_seq = 1,
                    .nlmsg_pid = 0};
  message.interface.ifi_index = static_cast<int>(::if_nametoindex(name.c_str()));
  const UniqueFd socket{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
  REQUIRE(::send(socket.get(), &message, sizeof message, 0) == sizeof message);
  std::array<std::byte, 1024> answer;
  REQUIRE(::recv(socket.get(), answer.data(), answer.size(), 0) > 0);
  REQUIRE(::if_nametoindex(name.c_str()) == 0);
}

HostSide::HostSide(const std::string& interface)
    : socket_{::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL))} {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
  REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

void HostSide::send(std::span<const std::byte> frame) {
  REQUIRE(::send(socket_.get(), frame.data(), frame.size(), 0) ==
          static_cast<ssize_t>(frame.size()));
}

std::vector<std::byte> HostSide::receive(std::uint16_t ether_type) {
  for (;;) {
    std::vector<std::byte> frame(2000);
    const ssize_t size = ::recv(socket_.get(), frame.data(), frame.size(), 0);
    if (size < ETH_HLEN) return {};
    frame.resize(static_cast<std::size_t>(size));
    const auto type = static_cast<std::uint16_t>(std::to_integer<unsigned>(frame[12]) << 8u |
                                                 std::to_integer<unsigned>(frame[13]));
    if (type == ether_type) return frame;
  }
}
