#include "devices/clock/cmos_rtc_registers.hpp"

#include <algorithm>

namespace devices {
namespace {

using namespace std::chrono;

// Register A.
constexpr std::uint8_t update_in_progress = 0x80;
constexpr std::uint8_t divider_mask = 0x70;
constexpr std::uint8_t divider_held = 0x60;  // with or without bit 4
constexpr std::uint8_t rate_mask = 0x0F;
constexpr std::uint8_t register_a_at_reset = 0x26;  // 32.768 kHz crystal, 1024 Hz

// Register B.
constexpr std::uint8_t set_time = 0x80;
constexpr std::uint8_t update_enable = 0x10;
constexpr std::uint8_t hours_24 = 0x02;

// Register C, and the enables at the same places in register B.
constexpr std::uint8_t periodic = 0x40;
constexpr std::uint8_t alarm = 0x20;
constexpr std::uint8_t update_ended = 0x10;
constexpr std::uint8_t interrupt_request = 0x80;
constexpr std::uint8_t flags_mask = periodic | alarm | update_ended;

constexpr std::uint8_t valid_ram_and_time = 0x80;  // register D

/// UIP warns this long before the time changes. The change itself takes us no time.
constexpr nanoseconds update_warning = microseconds{244};
/// The first update comes half a second after the divider is let go.
constexpr nanoseconds divider_release = milliseconds{500};
using Cycles = duration<std::int64_t, std::ratio<1, 32'768>>;  // of the crystal

nanoseconds within_second(WallTime time) {
  return time - floor<seconds>(time);
}

}  // namespace

CmosRtcRegisters::CmosRtcRegisters(CmosMemorySizes memory, WallTime now) : host_now_{now} {
  ram_[RegisterA] = register_a_at_reset;
  ram_[RegisterB] = hours_24;
  describe_memory(memory);
  alarm_ = next_alarm();
}

void CmosRtcRegisters::describe_memory(CmosMemorySizes memory) {
  constexpr std::uint64_t mib = 1 << 20;
  constexpr std::uint64_t base_kib = 640;
  const auto units_above = [&](std::uint64_t start, std::uint64_t unit_bytes) {
    const std::uint64_t size = memory.below_4_gib_bytes;
    const std::uint64_t units = size > start ? (size - start) / unit_bytes : 0;
    return std::min<std::uint64_t>(units, 0xFFFF);
  };
  const auto store = [&](std::size_t index, std::uint64_t value) {
    ram_[index] = static_cast<std::uint8_t>(value);
    ram_[index + 1] = static_cast<std::uint8_t>(value >> 8);
  };
  store(0x15, base_kib);
  store(0x17, units_above(mib, 1024));
  store(0x30, units_above(mib, 1024));
  store(0x34, units_above(16 * mib, 64 * 1024));
  store(0x5B, memory.above_4_gib_bytes / (64 * 1024));
  ram_[0x5D] = static_cast<std::uint8_t>(memory.above_4_gib_bytes / (64 * 1024) >> 16);
}

bool CmosRtcRegisters::divider_runs() const {
  return (ram_[RegisterA] & divider_held) != divider_held;
}

bool CmosRtcRegisters::clock_runs() const {
  return divider_runs() && (ram_[RegisterB] & set_time) == 0;
}

std::uint8_t CmosRtcRegisters::read(WallTime now) {
  catch_up(now);
  if (is_time(index_)) return clock_runs() ? time_byte(index_) : ram_[index_];
  switch (index_) {
    case RegisterA: {
      const bool soon = within_second(guest_now()) >= seconds{1} - update_warning;
      return ram_[RegisterA] | (clock_runs() && soon ? update_in_progress : 0);
    }
    case RegisterC: {
      const std::uint8_t shown = flags_ | (interrupt_pending() ? interrupt_request : 0);
      flags_ = 0;
      return shown;
    }
    case RegisterD:
      return valid_ram_and_time;
    default:
      return ram_[index_];
  }
}

void CmosRtcRegisters::write(std::uint8_t value, WallTime now) {
  catch_up(now);
  switch (index_) {
    case RegisterA:
      write_register_a(value);
      break;
    case RegisterB:
      write_register_b(value);
      break;
    case RegisterC:
    case RegisterD:
      break;  // read-only
    case SecondsAlarm:
    case MinutesAlarm:
    case HoursAlarm:
      ram_[index_] = value;
      alarm_ = next_alarm();
      break;
    default:
      if (is_time(index_) && clock_runs()) {
        copy_time_to_ram();
        ram_[index_] = value;
        set_time_from_ram();
      } else {
        ram_[index_] = value;
      }
  }
}

void CmosRtcRegisters::write_register_a(std::uint8_t value) {
  const bool clock_ran = clock_runs();
  const bool divider_ran = divider_runs();
  if (clock_ran) copy_time_to_ram();
  ram_[RegisterA] = value & (divider_mask | rate_mask);
  if (!divider_ran && divider_runs()) offset_ += divider_release - within_second(guest_now());
  if (!clock_ran && clock_runs()) set_time_from_ram();
}

void CmosRtcRegisters::write_register_b(std::uint8_t value) {
  const bool clock_ran = clock_runs();
  if (clock_ran) copy_time_to_ram();
  // SET also clears UIE.
  const bool set = (value & set_time) != 0;
  ram_[RegisterB] = set ? static_cast<std::uint8_t>(value & ~update_enable) : value;
  if (!clock_ran && clock_runs()) set_time_from_ram();
  if (clock_runs()) alarm_ = next_alarm();  // its bytes may mean something else now
}

void CmosRtcRegisters::catch_up(WallTime now) {
  const GuestTime before = guest_now();
  host_now_ = now;
  const GuestTime after = guest_now();
  if (after < before) {  // somebody has put the host's clock back
    alarm_ = next_alarm();
    return;
  }
  if (ticks() && tick_of(before) != tick_of(after)) flags_ |= periodic;
  if (!clock_runs()) return;
  if (floor<seconds>(before) != floor<seconds>(after)) flags_ |= update_ended;
  if (alarm_ && *alarm_ <= after) {
    flags_ |= alarm;
    alarm_ = next_alarm();
  }
}

bool CmosRtcRegisters::interrupt_pending() const {
  return (flags_ & ram_[RegisterB] & flags_mask) != 0;
}

std::optional<WallTime> CmosRtcRegisters::next_interrupt() const {
  if (interrupt_pending()) return std::nullopt;
  std::optional<GuestTime> next;
  const auto consider = [&](std::uint8_t source, std::optional<GuestTime> time) {
    if ((ram_[RegisterB] & source) != 0 && time && (!next || *time < *next)) next = time;
  };
  consider(periodic, next_tick());
  if (clock_runs()) {
    consider(alarm, alarm_);
    consider(update_ended, floor<seconds>(guest_now()) + seconds{1});
  }
  if (!next) return std::nullopt;
  return *next - offset_;
}

/// Whether the periodic interrupt's divider is tapped at all.
bool CmosRtcRegisters::ticks() const {
  return divider_runs() && (ram_[RegisterA] & rate_mask) != 0;
}

/// Which period of the periodic interrupt `time` lies in.
std::int64_t CmosRtcRegisters::tick_of(GuestTime time) const {
  const Cycles whole = floor<seconds>(time).time_since_epoch();
  return (whole + floor<Cycles>(within_second(time))).count() >> period_shift();
}

/// The period is 2 to this power of the crystal's. Rates 1 and 2 are those of 8 and 9.
int CmosRtcRegisters::period_shift() const {
  const int rate = ram_[RegisterA] & rate_mask;
  return rate <= 2 ? rate + 6 : rate - 1;
}

auto CmosRtcRegisters::next_tick() const -> std::optional<GuestTime> {
  if (!ticks()) return std::nullopt;
  const Cycles next{(tick_of(guest_now()) + 1) << period_shift()};
  const auto whole = floor<seconds>(next);
  // Rounded up: a nanosecond early would be the old period still.
  return GuestTime{whole + ceil<nanoseconds>(next - whole)};
}

}  // namespace devices
