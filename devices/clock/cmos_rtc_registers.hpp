// The time-of-day clock and battery-backed RAM of a PC.
//
// Spec:    Motorola MC146818A; the century in byte 0x32 and the memory sizes are the PC's.
// Trust:   indices and values are the guest's: any of them may be set to nonsense.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "devices/clock/wall_clock.hpp"

namespace devices {

/// RAM as the CMOS of a PC reports it, to whoever has no better source.
struct CmosMemorySizes {
  std::uint64_t below_4_gib_bytes = 0;
  std::uint64_t above_4_gib_bytes = 0;
};

/// Pure state. The clock runs by itself: every call is told the host's time and first catches up
/// with it. A guest that sets the clock changes the distance to the host's, nothing else.
class CmosRtcRegisters {
 public:
  static constexpr std::size_t ram_bytes = 128;

  enum Index : std::uint8_t {
    Seconds = 0x00,
    SecondsAlarm = 0x01,
    Minutes = 0x02,
    MinutesAlarm = 0x03,
    Hours = 0x04,
    HoursAlarm = 0x05,
    DayOfWeek = 0x06,
    DayOfMonth = 0x07,
    Month = 0x08,
    Year = 0x09,
    RegisterA = 0x0A,
    RegisterB = 0x0B,
    RegisterC = 0x0C,
    RegisterD = 0x0D,
    Century = 0x32,
  };

  CmosRtcRegisters(CmosMemorySizes memory, WallTime now);

  /// Bit 7 of what is written to the index port masks NMIs on a PC, and means nothing here.
  void select(std::uint8_t index) { index_ = index & 0x7F; }
  [[nodiscard]] std::uint8_t read(WallTime now);
  void write(std::uint8_t value, WallTime now);

  /// Raises the flags of all that has happened until now.
  void catch_up(WallTime now);
  /// The level of the interrupt line.
  [[nodiscard]] bool interrupt_pending() const;
  /// The next moment at which catch_up would raise the interrupt; none if it is raised already or
  /// the guest has enabled nothing.
  [[nodiscard]] std::optional<WallTime> next_interrupt() const;

 private:
  using GuestTime = WallTime;  // the host's plus offset_

  [[nodiscard]] GuestTime guest_now() const { return host_now_ + offset_; }
  [[nodiscard]] bool divider_runs() const;
  [[nodiscard]] bool clock_runs() const;

  [[nodiscard]] static bool is_time(std::uint8_t index);
  [[nodiscard]] std::uint8_t time_byte(std::uint8_t index) const;
  [[nodiscard]] std::uint8_t encode(unsigned value) const;
  [[nodiscard]] std::uint8_t encode_hour(unsigned hour) const;
  [[nodiscard]] unsigned decode(std::uint8_t byte) const;
  [[nodiscard]] unsigned decode_hour(std::uint8_t byte) const;

  void copy_time_to_ram();
  void set_time_from_ram();
  void write_register_a(std::uint8_t value);
  void write_register_b(std::uint8_t value);

  [[nodiscard]] std::optional<GuestTime> next_alarm() const;
  [[nodiscard]] bool ticks() const;
  [[nodiscard]] std::optional<GuestTime> next_tick() const;
  [[nodiscard]] std::int64_t tick_of(GuestTime time) const;
  [[nodiscard]] int period_shift() const;

  void describe_memory(CmosMemorySizes memory);

  // Time bytes are kept here only while the clock stands still; see time_byte.
  std::array<std::uint8_t, ram_bytes> ram_{};
  std::uint8_t index_ = 0;
  std::uint8_t flags_ = 0;  // register C's PF, AF, UF
  WallTime host_now_;
  std::chrono::nanoseconds offset_{0};
  std::optional<GuestTime> alarm_;  // next_alarm(), as it takes a search
};

}  // namespace devices
