#include "devices/virtio/frame_receiver.hpp"

#include <algorithm>
#include <utility>

#include "devices/virtio/net_layout.hpp"
#include "runtime/timer.hpp"

namespace devices::virtio {
namespace {

using platform::frame_header_bytes;
using runtime::Task;

constexpr std::size_t ethernet_header_bytes = 14;
/// What the kernel reads into at once, less one for the spill.
constexpr std::size_t most_direct_buffers = 1023;
/// Frames that reach no buffer leave the Loop to others now and then; all else does so by itself.
constexpr unsigned frames_in_a_row = 64;

}  // namespace

FrameReceiver::FrameReceiver(Queue& queue, platform::NetworkLink& link, ReceiveBuffers buffers,
                             std::size_t usual_frame_bytes)
    : queue_{queue},
      link_{link},
      buffers_{buffers},
      usual_frame_bytes_{usual_frame_bytes},
      spill_(platform::longest_frame_bytes) {}

FrameReceiver::~FrameReceiver() {
  for (; !in_hand_.empty(); in_hand_.pop_back()) queue_.unpop(std::move(in_hand_.back()));
}

Task<> FrameReceiver::run() {
  for (unsigned frames = 1;; ++frames) {
    gather();
    if (starved()) {
      const bool open = co_await queue_.kicked();
      if (!open) co_return;
      continue;
    }
    if (frame_bytes_ == 0) {
      if (const auto size_bytes = link_.receive(room_for_a_frame())) {
        took(*size_bytes);
      } else {
        co_await link_.receivable();
        continue;
      }
    }
    if (frame_bytes_ != 0 && frame_bytes_ <= capacity_bytes_) deliver();
    if (frames % frames_in_a_row == 0) co_await runtime::yield();
  }
}

void FrameReceiver::gather() {
  const std::size_t wanted_bytes = std::max(usual_frame_bytes_, frame_bytes_);
  while (capacity_bytes_ < wanted_bytes) {
    if (buffers_ == ReceiveBuffers::OneForAFrame && !in_hand_.empty()) return;
    auto chain = queue_.pop();
    if (!chain) return;
    capacity_bytes_ += chain->writable.size_bytes();
    in_hand_.push_back(std::move(*chain));
    if (frame_bytes_ == 0) hand_back_useless();
  }
}

/// 5.1.6.3.1: each chain has room for the header, at least. Where it matters we insist.
void FrameReceiver::hand_back_useless() {
  while (!in_hand_.empty() && in_hand_.front().writable.size_bytes() < frame_header_bytes) {
    capacity_bytes_ -= in_hand_.front().writable.size_bytes();
    queue_.push(std::move(in_hand_.front()), 0);
    in_hand_.pop_front();
  }
}

bool FrameReceiver::starved() {
  if (in_hand_.empty() || frame_bytes_ > capacity_bytes_) return true;
  // pop() wants the other tasks to have their turn first.
  return buffers_ == ReceiveBuffers::Mergeable && capacity_bytes_ < usual_frame_bytes_ &&
         !queue_.empty();
}

std::span<const std::span<std::byte>> FrameReceiver::room_for_a_frame() {
  room_.clear();
  direct_bytes_ = 0;
  for (const Chain& chain : in_hand_) {
    for (const std::span<std::byte> buffer : chain.writable.rest()) {
      if (buffer.empty()) continue;
      if (room_.size() == most_direct_buffers) break;
      room_.push_back(buffer);
      direct_bytes_ += buffer.size();
    }
  }
  room_.emplace_back(spill_);
  return room_;
}

void FrameReceiver::took(std::size_t frame_bytes) {
  const bool hopeless = buffers_ == ReceiveBuffers::OneForAFrame && frame_bytes > capacity_bytes_;
  const bool is_frame = frame_bytes >= frame_header_bytes + ethernet_header_bytes;
  frame_bytes_ = is_frame && !hopeless ? frame_bytes : 0;
}

/// 5.1.6.4: several chains of one frame are used in one go.
void FrameReceiver::deliver() {
  std::uint16_t chains = 0;
  for (std::size_t room = 0; room < frame_bytes_; ++chains) {
    room += in_hand_[chains].writable.size_bytes();
  }
  for (std::size_t offset = 0; offset < frame_bytes_; in_hand_.pop_front()) {
    Chain& chain = in_hand_.front();
    const std::size_t room = chain.writable.size_bytes();
    const std::size_t part_bytes = std::min(room, frame_bytes_ - offset);
    fill(chain, offset, part_bytes, chains);
    queue_.stage(std::move(chain), static_cast<std::uint32_t>(part_bytes));
    capacity_bytes_ -= room;
    offset += part_bytes;
  }
  queue_.publish();
  frame_bytes_ = 0;
  hand_back_useless();
}

/// Puts into a chain what the link has not: the number of chains, and what was spilt.
void FrameReceiver::fill(Chain& chain, std::size_t frame_offset, std::size_t part_bytes,
                         std::uint16_t chains) {
  std::size_t at = frame_offset;
  if (frame_offset == 0) {
    at += chain.writable.skip(buffer_count_offset);
    (void)chain.writable.write(chains);
    at += sizeof chains;
  }
  const std::size_t end = frame_offset + part_bytes;
  if (end <= direct_bytes_) return;
  const std::size_t spilt_from = std::max(at, direct_bytes_);
  (void)chain.writable.skip(spilt_from - at);
  (void)chain.writable.write_some(
      std::span{spill_}.subspan(spilt_from - direct_bytes_, end - spilt_from));
}

}  // namespace devices::virtio
