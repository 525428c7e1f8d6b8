#include "platform/host/tap.hpp"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstring>

#include "runtime/error.hpp"

namespace platform::host {
namespace {

using runtime::check;
using runtime::HostError;
using runtime::UniqueFd;

// Linux 6.2; Debian 12's headers are older.
constexpr unsigned offload_udp4_segments = 0x20;  // TUN_F_USO4
constexpr unsigned offload_udp6_segments = 0x40;  // TUN_F_USO6

unsigned offload_bits(const NetworkOffloads& offloads) {
  unsigned bits = 0;
  if (offloads.checksum) bits |= TUN_F_CSUM;
  if (offloads.tcp4) bits |= TUN_F_TSO4;
  if (offloads.tcp6) bits |= TUN_F_TSO6;
  if (offloads.tcp_ecn && (offloads.tcp4 || offloads.tcp6)) bits |= TUN_F_TSO_ECN;
  if (offloads.udp_segments) bits |= offload_udp4_segments | offload_udp6_segments;
  return bits;
}

/// The header that leads each frame is the one of our devices. What the kernel then does for a
/// guest.
NetworkOffloads set_up(int descriptor, const std::string& name) {
  const int header_bytes = frame_header_bytes;
  check(::ioctl(descriptor, TUNSETVNETHDRSZ, &header_bytes), "set up tap '{}'", name);
  NetworkOffloads offloads{.checksum = true, .tcp4 = true, .tcp6 = true, .tcp_ecn = true};
  // There is no way to ask but to try.
  offloads.udp_segments = ::ioctl(descriptor, TUNSETOFFLOAD,
                                  offload_bits({.checksum = true, .udp_segments = true})) == 0;
  check(::ioctl(descriptor, TUNSETOFFLOAD, 0), "set up tap '{}'", name);
  return offloads;
}

ifreq request_for(const std::string& name, short flags) {
  ifreq request{};
  if (name.empty() || name.size() >= sizeof request.ifr_name) {
    throw HostError{ENODEV, "use tap '{}'", name};
  }
  std::ranges::copy(name, request.ifr_name);
  request.ifr_flags = flags;
  return request;
}

/// TUNSETIFF would make a tap that does not exist, for a process that may.
void require_interface(const std::string& name) {
  if (::if_nametoindex(name.c_str()) == 0) throw HostError{ENODEV, "use tap '{}'", name};
}

[[noreturn]] void refuse(const std::string& name, int error_number) {
  switch (error_number) {
    case EPERM:
      throw HostError{error_number, "use tap '{}', which belongs to another user", name};
    case EBUSY:
      throw HostError{error_number, "use tap '{}', which somebody else uses", name};
    case EINVAL:
      throw HostError{
          error_number,
          "use '{}', which is no tap, or one with another number of queues (multi_queue)", name};
    default:
      throw HostError{error_number, "use tap '{}'", name};
  }
}

UniqueFd attach(const std::string& name, short flags) {
  UniqueFd descriptor{check(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK),
                            "open '/dev/net/tun' for tap '{}'", name)};
  ifreq request = request_for(name, flags);
  if (::ioctl(descriptor.get(), TUNSETIFF, &request) < 0) refuse(name, errno);
  return descriptor;
}

}  // namespace

TapQueue::TapQueue(runtime::Executor executor, UniqueFd descriptor, std::string name,
                   const NetworkOffloads& offloads)
    : datagrams_{executor, std::move(descriptor), std::move(name)},
      offloads_{offloads},
      used_again_{executor} {}

void TapQueue::give(const NetworkOffloads& guest_can) {
  check(::ioctl(datagrams_.native_handle(), TUNSETOFFLOAD, offload_bits(guest_can)),
        "set what tap '{}' gives", datagrams_.name());
}

void TapQueue::use(LinkQueueUse use) {
  if (use == use_) return;
  ifreq request{};
  request.ifr_flags = use == LinkQueueUse::Used ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE;
  check(::ioctl(datagrams_.native_handle(), TUNSETQUEUE, &request), "set the queues of tap '{}'",
        datagrams_.name());
  use_ = use;
  if (use == LinkQueueUse::Used) used_again_.notify();
}

std::optional<std::size_t> TapQueue::receive(std::span<const std::span<std::byte>> into) {
  // The kernel answers for a detached queue as for a tap that is no more.
  if (use_ == LinkQueueUse::Unused) return std::nullopt;
  return datagrams_.receive(into);
}

bool TapQueue::send(std::span<const std::span<const std::byte>> frame) try {
  if (use_ == LinkQueueUse::Unused) return true;
  return datagrams_.send(frame);
} catch (const HostError& error) {
  // No tap any more. Anything else is about this frame (EINVAL), or passes (EIO: not up).
  if (error.error_number() == EBADFD) throw;
  return true;
}

runtime::Task<> TapQueue::receivable() {
  if (use_ == LinkQueueUse::Used) {
    co_await datagrams_.receivable();
  } else {
    co_await used_again_.wait();
  }
}

Tap open_tap(runtime::Executor executor, const std::string& name, std::uint16_t queues) {
  (void)request_for(name, 0);
  require_interface(name);
  const int several = queues > 1 ? IFF_MULTI_QUEUE : 0;
  Tap tap{.name = name, .queues = {}};
  for (std::uint16_t i = 0; i < queues; ++i) {
    UniqueFd descriptor =
        attach(name, static_cast<short>(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | several));
    const NetworkOffloads offloads = set_up(descriptor.get(), name);
    tap.queues.push_back(
        std::make_unique<TapQueue>(executor, std::move(descriptor), name, offloads));
  }
  return tap;
}

Tap inherited_tap(runtime::Executor executor, int descriptor) {
  ifreq request{};
  if (::ioctl(descriptor, TUNGETIFF, &request) < 0) {
    throw HostError{errno, "use descriptor {} as a tap, which it is not", descriptor};
  }
  std::string name{request.ifr_name, ::strnlen(request.ifr_name, sizeof request.ifr_name)};
  constexpr int required = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  if ((request.ifr_flags & required) != required) {
    throw HostError{EINVAL, "use descriptor {}, tap '{}' without IFF_NO_PI or IFF_VNET_HDR",
                    descriptor, name};
  }
  check(::fcntl(descriptor, F_SETFD, FD_CLOEXEC), "use descriptor {}", descriptor);
  UniqueFd own{descriptor};
  const NetworkOffloads offloads = set_up(own.get(), name);
  Tap tap{.name = name, .queues = {}};
  tap.queues.push_back(std::make_unique<TapQueue>(executor, std::move(own), name, offloads));
  return tap;
}

}  // namespace platform::host
