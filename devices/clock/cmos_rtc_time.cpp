// The time-of-day bytes of CmosRtcRegisters: from a moment to bytes, back, and to the next alarm.

#include <algorithm>

#include "devices/clock/cmos_rtc_registers.hpp"

namespace devices {
namespace {

using namespace std::chrono;

// Register B.
constexpr std::uint8_t binary_mode = 0x04;
constexpr std::uint8_t hours_24 = 0x02;

constexpr std::uint8_t any_value = 0xC0;  // and above, in an alarm byte
constexpr std::uint8_t afternoon = 0x80;  // in 12-hour mode

// What a guest may set: within the range of WallTime, with room for the clock to run on.
constexpr int earliest_year = 1970;
constexpr int latest_year = 2200;

nanoseconds within_second(WallTime time) {
  return time - floor<seconds>(time);
}

}  // namespace

bool CmosRtcRegisters::is_time(std::uint8_t index) {
  switch (index) {
    case Seconds:
    case Minutes:
    case Hours:
    case DayOfWeek:
    case DayOfMonth:
    case Month:
    case Year:
    case Century:
      return true;
    default:
      return false;
  }
}

std::uint8_t CmosRtcRegisters::encode(unsigned value) const {
  const bool binary = (ram_[RegisterB] & binary_mode) != 0;
  return static_cast<std::uint8_t>(binary ? value : value / 10 * 16 + value % 10);
}

unsigned CmosRtcRegisters::decode(std::uint8_t byte) const {
  const bool binary = (ram_[RegisterB] & binary_mode) != 0;
  return binary ? byte : (byte >> 4) * 10u + (byte & 0x0Fu);
}

std::uint8_t CmosRtcRegisters::encode_hour(unsigned hour) const {
  if ((ram_[RegisterB] & hours_24) != 0) return encode(hour);
  const std::uint8_t on_the_dial = encode(hour % 12 == 0 ? 12 : hour % 12);
  return hour < 12 ? on_the_dial : on_the_dial | afternoon;
}

unsigned CmosRtcRegisters::decode_hour(std::uint8_t byte) const {
  if ((ram_[RegisterB] & hours_24) != 0) return decode(byte);
  const unsigned on_the_dial = decode(byte & static_cast<std::uint8_t>(~afternoon)) % 12;
  return (byte & afternoon) != 0 ? on_the_dial + 12 : on_the_dial;
}

std::uint8_t CmosRtcRegisters::time_byte(std::uint8_t index) const {
  const auto today = floor<days>(guest_now());
  const year_month_day date{today};
  const hh_mm_ss time{floor<seconds>(guest_now() - today)};
  const auto calendar_year = static_cast<unsigned>(int{date.year()});
  switch (index) {
    case Seconds:
      return encode(static_cast<unsigned>(time.seconds().count()));
    case Minutes:
      return encode(static_cast<unsigned>(time.minutes().count()));
    case Hours:
      return encode_hour(static_cast<unsigned>(time.hours().count()));
    case DayOfWeek:
      return encode(weekday{today}.c_encoding() + 1);  // Sunday is 1
    case DayOfMonth:
      return encode(unsigned{date.day()});
    case Month:
      return encode(unsigned{date.month()});
    case Year:
      return encode(calendar_year % 100);
    default:
      return encode(calendar_year / 100);
  }
}

void CmosRtcRegisters::copy_time_to_ram() {
  for (const std::uint8_t index :
       {Seconds, Minutes, Hours, DayOfWeek, DayOfMonth, Month, Year, Century}) {
    ram_[index] = time_byte(index);
  }
}

/// Takes any bytes: what is no date or time of day counts on into the next minute, hour, month.
/// The day of the week follows from the date.
void CmosRtcRegisters::set_time_from_ram() {
  const int wanted_year = static_cast<int>(decode(ram_[Century]) * 100 + decode(ram_[Year]));
  const year calendar_year{std::clamp(wanted_year, earliest_year, latest_year)};
  const month calendar_month{std::clamp(decode(ram_[Month]), 1u, 12u)};
  const days days_into_month{std::max(decode(ram_[DayOfMonth]), 1u) - 1};
  const WallTime wanted = sys_days{calendar_year / calendar_month / 1} + days_into_month +
                          hours{decode_hour(ram_[Hours])} + minutes{decode(ram_[Minutes])} +
                          seconds{decode(ram_[Seconds])};
  // The divider below the seconds runs on.
  offset_ = wanted + within_second(guest_now()) - host_now_;
  alarm_ = next_alarm();
}

/// The chip compares bytes once a second; so do we, skipping hours and minutes that do not match.
auto CmosRtcRegisters::next_alarm() const -> std::optional<GuestTime> {
  const auto matches = [&](std::uint8_t index, std::uint8_t byte) {
    return ram_[index] >= any_value || ram_[index] == byte;
  };
  const auto any_of_60 = [&](std::uint8_t index) {
    for (unsigned value = 0; value < 60; ++value) {
      if (matches(index, encode(value))) return true;
    }
    return false;
  };
  if (!any_of_60(SecondsAlarm) || !any_of_60(MinutesAlarm)) return std::nullopt;

  auto time = floor<seconds>(guest_now()) + seconds{1};
  const auto end = time + days{1};
  while (time < end) {
    const hh_mm_ss clock{time - floor<days>(time)};
    if (!matches(HoursAlarm, encode_hour(static_cast<unsigned>(clock.hours().count())))) {
      time = floor<hours>(time) + hours{1};
    } else if (!matches(MinutesAlarm, encode(static_cast<unsigned>(clock.minutes().count())))) {
      time = floor<minutes>(time) + minutes{1};
    } else if (!matches(SecondsAlarm, encode(static_cast<unsigned>(clock.seconds().count())))) {
      time += seconds{1};
    } else {
      return time;
    }
  }
  return std::nullopt;
}

}  // namespace devices
