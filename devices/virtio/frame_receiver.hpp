// Frames from a link into the buffers of a receive queue.
//
// Spec:    Virtio 1.2, 5.1.6.3 "Setting Up Receive Buffers", 5.1.6.4 "Processing of Incoming
//          Packets".
// Threads: the Loop's.
// Trust:   how many buffers there are, and how large, is up to the guest.
#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

#include "devices/virtio/queue.hpp"
#include "platform/network_link.hpp"

namespace devices::virtio {

/// Whether a frame may be spread over several chains (VIRTIO_NET_F_MRG_RXBUF).
enum class ReceiveBuffers : std::uint8_t { OneForAFrame, Mergeable };

class FrameReceiver {
 public:
  /// `usual_frame_bytes`: so much room is gathered before a frame is read. Larger ones come, too,
  /// but the rest of them is copied once more.
  FrameReceiver(Queue& queue, platform::NetworkLink& link, ReceiveBuffers buffers,
                std::size_t usual_frame_bytes);
  FrameReceiver(const FrameReceiver&) = delete;
  FrameReceiver& operator=(const FrameReceiver&) = delete;
  /// The buffers that got no frame were never popped.
  ~FrameReceiver();

  /// Until the queue is closed. Stopped, it loses no frame that the driver could have had. Throws
  /// HostError when the link is no more.
  runtime::Task<> run();

 private:
  void gather();
  void hand_back_useless();
  /// Whether only the driver, or a turn of the Loop's other tasks, can help.
  [[nodiscard]] bool starved();
  [[nodiscard]] std::span<const std::span<std::byte>> room_for_a_frame();
  /// Takes note of a frame that lies in room_for_a_frame().
  void took(std::size_t frame_bytes);
  void deliver();
  void fill(Chain& chain, std::size_t frame_offset, std::size_t part_bytes, std::uint16_t chains);

  Queue& queue_;
  platform::NetworkLink& link_;
  const ReceiveBuffers buffers_;
  const std::size_t usual_frame_bytes_;

  std::deque<Chain> in_hand_;       // popped, and still empty
  std::size_t capacity_bytes_ = 0;  // of all of them
  std::vector<std::span<std::byte>> room_;
  std::size_t direct_bytes_ = 0;  // of the room: what lies in the driver's buffers
  std::vector<std::byte> spill_;  // the rest: where frames end that are longer
  std::size_t frame_bytes_ = 0;   // a frame that waits for more buffers; or 0
};

}  // namespace devices::virtio
