// What a serial chip has sent and its terminal has not taken yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "devices/serial/ring.hpp"

namespace devices {

/// Stands behind a chip's transmit FIFO. The line is infinitely fast: what the guest writes moves
/// on into this buffer at once. Only a terminal that has fallen behind by `busy_above_bytes` makes
/// the transmitter busy; a driver that fills a FIFO without a further look, or gives up waiting (as
/// Linux's 8250 console does after 10 ms per byte), still finds the other half before anything is
/// lost.
class OutputBuffer {
 public:
  static constexpr std::size_t capacity_bytes = 8192;
  static constexpr std::size_t deepest_fifo_bytes = 32;
  /// Whoever stops when the transmitter is busy leaves no more than half of the buffer full.
  static constexpr std::size_t busy_above_bytes = capacity_bytes / 2 - deepest_fifo_bytes;

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  /// Whether the transmitter takes more.
  [[nodiscard]] bool ready() const { return bytes_.size() <= busy_above_bytes; }
  /// Bytes ever accepted for the terminal.
  [[nodiscard]] std::uint64_t sent_bytes() const { return sent_bytes_; }

  /// Without room the byte is lost.
  void push(std::byte value) {
    if (bytes_.full()) return;
    bytes_.push(value);
    ++sent_bytes_;
  }
  /// Moves the oldest bytes out, as many as there are or fit; returns how many.
  std::size_t take(std::span<std::byte> into) { return bytes_.pop_into(into); }

 private:
  Ring<std::byte, capacity_bytes> bytes_;
  std::uint64_t sent_bytes_ = 0;
};

}  // namespace devices
