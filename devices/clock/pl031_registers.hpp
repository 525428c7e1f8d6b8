// Registers of a PL031 real-time clock as seen by its driver.
//
// Spec:    ARM DDI 0224C, "PrimeCell Real Time Clock (PL031)", chapter 3.
// Trust:   offsets and values are the guest's.
#pragma once

#include <cstdint>
#include <optional>

#include "devices/clock/wall_clock.hpp"
#include "devices/primecell.hpp"

namespace devices {

/// Offsets from the page's base.
enum class Pl031Register : std::uint16_t {
  Data = 0x00,             // RTCDR
  Match = 0x04,            // RTCMR
  Load = 0x08,             // RTCLR
  Control = 0x0C,          // RTCCR
  InterruptMask = 0x10,    // RTCIMSC: a set bit lets the interrupt through
  RawInterrupt = 0x14,     // RTCRIS
  MaskedInterrupt = 0x18,  // RTCMIS
  InterruptClear = 0x1C,   // RTCICR
};

/// Pure state. The clock runs by itself: every call is told the host's time and first catches up
/// with it. A guest that loads the counter changes the distance to the host's seconds, nothing
/// else; where a second begins is the host's. It counts modulo 2^32, the next time over in February
/// 2106.
///
/// It starts as firmware leaves it: set to the time, and running. On the chip nothing but a reset
/// stops it again.
class Pl031Registers {
 public:
  using Register = primecell::Register;
  static constexpr std::uint64_t size_bytes = primecell::size_bytes;
  static constexpr std::uint32_t peripheral_id = 0x0004'1031;

  explicit Pl031Registers(WallTime now) : host_now_{now} {}

  /// What the guest sees. Offsets are multiples of 4.
  [[nodiscard]] Register read(std::uint64_t offset, WallTime now);
  void write(std::uint64_t offset, Register value, WallTime now);

  /// Raises the interrupt if its second has come.
  void catch_up(WallTime now);
  /// The level of the interrupt line.
  [[nodiscard]] bool interrupt_pending() const { return raised_ && enabled_; }
  /// The next moment at which catch_up would raise the interrupt; none if it is raised already or
  /// the guest has not enabled it.
  [[nodiscard]] std::optional<WallTime> next_interrupt() const;

 private:
  [[nodiscard]] std::uint32_t counter() const;
  [[nodiscard]] WallTime match_time() const;

  WallTime host_now_;
  std::uint32_t offset_seconds_ = 0;  // guest minus host, modulo 2^32
  std::uint32_t loaded_ = 0;
  std::uint32_t match_ = 0;
  bool enabled_ = false;
  bool raised_ = false;
};

}  // namespace devices
