// What a network device is plugged into: Ethernet frames out and in.
//
// Spec:    Virtio 1.2, 5.1.6 "Device Operation": each frame is led by a virtio_net_hdr with
//          num_buffers (12 bytes), the same that a tap with a header of that size takes and gives.
// Threads: all calls on the Loop's thread. One sender and one receiver at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/task.hpp"

namespace platform {

inline constexpr std::size_t frame_header_bytes = 12;

/// What the link does for a guest that leaves work on frames undone.
struct NetworkOffloads {
  bool checksum = false;      ///< Completes checksums.
  bool tcp4 = false;          ///< Cuts up TCP/IPv4 segments that are too long.
  bool tcp6 = false;          ///< Cuts up TCP/IPv6 segments that are too long.
  bool tcp_ecn = false;       ///< Such segments with ECN, too.
  bool udp_segments = false;  ///< Cuts up UDP datagrams (USO).
  friend bool operator==(const NetworkOffloads&, const NetworkOffloads&) = default;
};

class NetworkLink {
 public:
  virtual ~NetworkLink() = default;

  /// What the link takes from the guest, and could give it.
  [[nodiscard]] virtual NetworkOffloads offloads() const = 0;
  /// From here on frames to the guest may need what it can do itself. Throws HostError.
  virtual void give(const NetworkOffloads& guest_can) = 0;

  /// Waits for a frame and copies it, header first, into the buffers; its size with the header.
  /// What does not fit is lost. Throws HostError when there will never be a frame again.
  virtual runtime::Task<std::size_t> receive(std::span<const std::span<std::byte>> into) = 0;
  /// A frame the link cannot take now is dropped, as on a wire.
  virtual runtime::Task<> send(std::span<const std::span<const std::byte>> frame) = 0;
};

}  // namespace platform
