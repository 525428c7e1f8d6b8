#include "platform/user_net/slirp_network.hpp"

#include <arpa/inet.h>
#include <slirp/libslirp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <utility>

#include "runtime/error.hpp"

namespace platform::user_net {
namespace {

constexpr std::size_t frames_in_a_row = 64;

/// libslirp wants to be woken twice a second while there is any TCP socket, be it one that listens.
/// But once for so long neither a frame nor a socket has stirred, its timers (the longest between
/// two transmissions is 12 s) are about nothing that could not wait until something does.
constexpr auto quiet_time = std::chrono::seconds{15};
constexpr std::size_t most_frame_bytes = 18 + 65535;

in_addr ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return {htonl(std::uint32_t{a} << 24u | std::uint32_t{b} << 16u | std::uint32_t{c} << 8u | d)};
}

SlirpConfig network_of(std::size_t mtu_bytes) {
  SlirpConfig config{};
  config.version = 4;
  config.in_enabled = true;
  config.vnetwork = ipv4(10, 0, 2, 0);
  config.vnetmask = ipv4(255, 255, 255, 0);
  config.vhost = ipv4(10, 0, 2, 2);
  config.vdhcp_start = ipv4(10, 0, 2, 15);
  config.vnameserver = ipv4(10, 0, 2, 3);
  config.if_mtu = mtu_bytes;
  config.if_mru = mtu_bytes;
  return config;
}

/// poll's words are not libslirp's.
struct Meaning {
  short poll;
  int slirp;
};
constexpr std::array meanings{Meaning{POLLIN, SLIRP_POLL_IN}, Meaning{POLLOUT, SLIRP_POLL_OUT},
                              Meaning{POLLPRI, SLIRP_POLL_PRI}, Meaning{POLLERR, SLIRP_POLL_ERR},
                              Meaning{POLLHUP, SLIRP_POLL_HUP}};

short to_poll(int events) {
  int found = 0;
  for (const auto& [poll, slirp] : meanings) {
    if ((events & slirp) != 0) found |= poll;
  }
  return static_cast<short>(found);
}

int to_slirp(short events) {
  int found = 0;
  for (const auto& [poll, slirp] : meanings) {
    if ((events & poll) != 0) found |= slirp;
  }
  return found;
}

std::int64_t now_ns(void*) {
  return std::chrono::nanoseconds{std::chrono::steady_clock::now().time_since_epoch()}.count();
}

// Timers are IPv6's alone, which this network does not have; the rest is for other kinds of loops.
void* no_timer(SlirpTimerCb, void*, void*) {
  return nullptr;
}
void ignore_timer(void*, void*) {}
void ignore_timer_change(void*, std::int64_t, void*) {}
void ignore_descriptor(int, void*) {}
void ignore(void*) {}
/// The guest sets its pace: nobody is told.
void ignore_guest_error(const char*, void*) {}

}  // namespace

/// What libslirp calls; `self` is the network.
struct SlirpNetwork::Callbacks {
  static ssize_t send_packet(const void* frame, std::size_t size_bytes, void* self) {
    static_cast<SlirpNetwork*>(self)->give_frame(frame, size_bytes);
    return static_cast<ssize_t>(size_bytes);
  }
  static int add_poll(int descriptor, int events, void* self) {
    auto& polled = static_cast<SlirpNetwork*>(self)->polled_;
    polled.push_back({.fd = descriptor, .events = to_poll(events), .revents = 0});
    return static_cast<int>(polled.size() - 1);
  }
  static int events_of(int index, void* self) {
    const auto& polled = static_cast<SlirpNetwork*>(self)->polled_;
    return to_slirp(polled[static_cast<std::size_t>(index)].revents);
  }
  static constexpr SlirpCb table{.send_packet = send_packet,
                                 .guest_error = ignore_guest_error,
                                 .clock_get_ns = now_ns,
                                 .timer_new = no_timer,
                                 .timer_free = ignore_timer,
                                 .timer_mod = ignore_timer_change,
                                 .register_poll_fd = ignore_descriptor,
                                 .unregister_poll_fd = ignore_descriptor,
                                 .notify = ignore,
                                 .init_completed = nullptr,
                                 .timer_new_opaque = nullptr};
};

SlirpNetwork::SlirpNetwork(runtime::UniqueFd frames, std::size_t mtu_bytes)
    : frames_{std::move(frames)} {
  const SlirpConfig config = network_of(mtu_bytes);
  slirp_ = ::slirp_new(&config, &Callbacks::table, this);
  if (slirp_ == nullptr) throw runtime::HostError{EINVAL, "set up user networking"};
}

SlirpNetwork::~SlirpNetwork() {
  ::slirp_cleanup(slirp_);
}

void SlirpNetwork::forward(const PortForward& forward) {
  const auto& [a, b, c, d] = forward.host_address;
  const int is_udp = forward.protocol == PortForward::Protocol::Udp ? 1 : 0;
  const in_addr whoever_has_the_lease{};
  runtime::check(::slirp_add_hostfwd(slirp_, is_udp, ipv4(a, b, c, d), forward.host_port,
                                     whoever_has_the_lease, forward.guest_port),
                 "forward {}", to_text(forward));
}

void SlirpNetwork::run() {
  while (!ended_) {
    polled_.assign({pollfd{.fd = frames_.get(), .events = POLLIN, .revents = 0}});
    std::uint32_t timeout_ms = std::numeric_limits<std::uint32_t>::max();
    ::slirp_pollfds_fill(slirp_, &timeout_ms, Callbacks::add_poll, this);
    sleep(timeout_ms);
    ::slirp_pollfds_poll(slirp_, sleep_failed_ ? 1 : 0, Callbacks::events_of, this);
    if (!sleep_failed_ && polled_.front().revents != 0 && !take_frames()) return;
  }
}

void SlirpNetwork::sleep(std::uint32_t timeout_ms) {
  constexpr std::uint32_t longest = std::numeric_limits<int>::max();
  const bool quiet = Clock::now() - stirred_at_ > quiet_time;
  const int timeout = quiet || timeout_ms > longest ? -1 : static_cast<int>(timeout_ms);
  const int stirred = ::poll(polled_.data(), polled_.size(), timeout);
  sleep_failed_ = stirred < 0;
  if (stirred != 0) stirred_at_ = Clock::now();
}

bool SlirpNetwork::take_frames() {
  std::array<std::uint8_t, most_frame_bytes> frame;
  for (std::size_t i = 0; i < frames_in_a_row; ++i) {
    const ssize_t size = ::recv(frames_.get(), frame.data(), frame.size(), MSG_DONTWAIT);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    if (size == 0) return false;
    ::slirp_input(slirp_, frame.data(), static_cast<int>(size));
  }
  return true;
}

/// Waits for room: what is lost here would cost a TCP connection far more time.
void SlirpNetwork::give_frame(const void* frame, std::size_t size_bytes) {
  const ssize_t size = runtime::retry_interrupted(
      [&] { return ::send(frames_.get(), frame, size_bytes, MSG_NOSIGNAL); });
  if (size < 0 && errno == EPIPE) ended_ = true;
  stirred_at_ = Clock::now();
}

}  // namespace platform::user_net
