// What a network device is plugged into: Ethernet frames out and in.
//
// Spec:    Virtio 1.2, 5.1.6 "Device Operation": each frame is led by a virtio_net_hdr with
//          num_buffers (12 bytes), the same that a tap with a header of that size takes and gives.
// Threads: all calls on the Loop's thread. One sender and one receiver at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "runtime/task.hpp"

namespace platform {

inline constexpr std::size_t frame_header_bytes = 12;
/// The longest packet of IP and what leads it: Ethernet with a VLAN tag, and the header above.
inline constexpr std::size_t longest_frame_bytes = frame_header_bytes + 18 + 65535;

/// What a side does with frames that the other left work on.
struct NetworkOffloads {
  bool checksum = false;      ///< Takes frames without a complete checksum.
  bool tcp4 = false;          ///< Takes TCP/IPv4 segments that are longer than a frame.
  bool tcp6 = false;          ///< Takes TCP/IPv6 segments that are longer than a frame.
  bool tcp_ecn = false;       ///< Such segments with ECN, too.
  bool udp_segments = false;  ///< Takes UDP datagrams of many segments (USO).
  friend bool operator==(const NetworkOffloads&, const NetworkOffloads&) = default;
};

/// Whether a queue of a link that has several gets its share of the frames.
enum class LinkQueueUse : std::uint8_t { Used, Unused };

/// A network interface, or one of several queues of it.
class NetworkLink {
 public:
  virtual ~NetworkLink() = default;

  /// What the link takes from the guest, and could give it.
  [[nodiscard]] virtual NetworkOffloads offloads() const = 0;
  /// From here on frames to the guest, through all queues, may need what it can do itself. Of
  /// `guest_can` nothing is true without `checksum`. Throws HostError.
  virtual void give(const NetworkOffloads& guest_can) = 0;
  /// All queues are used at first. What still waits in one that no longer is, is lost.
  /// Throws HostError.
  virtual void use(LinkQueueUse use) = 0;

  // Neither waits. Throw HostError when there will never be a frame again.

  /// Copies the next frame, header first, into the buffers; its size with the header, as far as it
  /// fitted. Nothing if there is none now.
  [[nodiscard]] virtual std::optional<std::size_t> receive(
      std::span<const std::span<std::byte>> into) = 0;
  /// False if there is no room for it now. A frame that the link has no use for is dropped, as on a
  /// wire.
  [[nodiscard]] virtual bool send(std::span<const std::span<const std::byte>> frame) = 0;

  // Wait until receive() or send() may succeed. Always let other tasks run first.

  virtual runtime::Task<> receivable() = 0;
  virtual runtime::Task<> sendable() = 0;
};

}  // namespace platform
