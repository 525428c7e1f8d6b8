// How far a serial port's output has come, for the boot timeline.
//
// Threads: one thread at a time notes, any may ask.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace devices {

class OutputProgress {
 public:
  using Clock = std::chrono::steady_clock;

  /// Tells how many bytes have been sent by now.
  void note(std::uint64_t sent_bytes) {
    const std::uint64_t before = sent_bytes_.load(std::memory_order_relaxed);
    if (sent_bytes == before) return;
    if (before == 0) {
      first_byte_at_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
    }
    // Whoever sees a count above 0 also sees the time.
    sent_bytes_.store(sent_bytes, std::memory_order_release);
  }

  [[nodiscard]] std::uint64_t sent_bytes() const {
    return sent_bytes_.load(std::memory_order_acquire);
  }
  [[nodiscard]] std::optional<Clock::time_point> first_byte_at() const {
    if (sent_bytes() == 0) return std::nullopt;
    return Clock::time_point{Clock::duration{first_byte_at_.load(std::memory_order_relaxed)}};
  }

 private:
  std::atomic<std::uint64_t> sent_bytes_ = 0;
  std::atomic<Clock::rep> first_byte_at_ = 0;  // means nothing before the first byte
};

}  // namespace devices
