// A network that exists for one guest: a router that turns its connections into sockets of this
// process. The guest is 10.0.2.15 by DHCP, the host 10.0.2.2, its DNS 10.0.2.3.
//
// Threads: one.
// Trust:   frames are the guest's; libslirp checks them.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "platform/port_forward.hpp"
#include "runtime/unique_fd.hpp"

struct Slirp;

namespace platform::user_net {

class SlirpNetwork {
 public:
  /// `frames`: a SOCK_SEQPACKET socket. Throws HostError.
  SlirpNetwork(runtime::UniqueFd frames, std::size_t mtu_bytes);
  SlirpNetwork(const SlirpNetwork&) = delete;
  SlirpNetwork& operator=(const SlirpNetwork&) = delete;
  ~SlirpNetwork();

  /// Throws HostError, as when the port is in use.
  void forward(const PortForward& forward);

  /// Until the other side of the socket is closed. Sleeps while nothing happens.
  void run();

 private:
  struct Callbacks;
  using Clock = std::chrono::steady_clock;

  /// Waits for sockets, frames or libslirp's timers.
  void sleep(std::uint32_t timeout_ms);
  /// False once there will be no more.
  [[nodiscard]] bool take_frames();
  void give_frame(const void* frame, std::size_t size_bytes);

  runtime::UniqueFd frames_;
  std::vector<pollfd> polled_;  // the first is frames_
  bool sleep_failed_ = false;
  Clock::time_point stirred_at_ = Clock::now();  // a frame or a socket
  bool ended_ = false;
  Slirp* slirp_;
};

}  // namespace platform::user_net
