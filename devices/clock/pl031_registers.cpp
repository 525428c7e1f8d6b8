#include "devices/clock/pl031_registers.hpp"

namespace devices {
namespace {

using std::chrono::seconds;

constexpr std::uint32_t interrupt = 1 << 0;  // in all four interrupt registers
constexpr std::uint32_t started = 1 << 0;    // RTCCR

std::uint32_t whole_seconds(WallTime time) {
  return static_cast<std::uint32_t>(std::chrono::floor<seconds>(time).time_since_epoch().count());
}

}  // namespace

std::uint32_t Pl031Registers::counter() const {
  return whole_seconds(host_now_) + offset_seconds_;
}

/// When the counter will become what it is compared with: within 2^32 seconds from now.
WallTime Pl031Registers::match_time() const {
  const std::uint32_t ahead = match_ - counter();
  const std::int64_t wait = ahead != 0 ? std::int64_t{ahead} : std::int64_t{1} << 32;
  return std::chrono::floor<seconds>(host_now_) + seconds{wait};
}

auto Pl031Registers::read(std::uint64_t offset, WallTime now) -> Register {
  catch_up(now);
  switch (Pl031Register{static_cast<std::uint16_t>(offset)}) {
    case Pl031Register::Data:
      return counter();
    case Pl031Register::Match:
      return match_;
    case Pl031Register::Load:
      return loaded_;
    case Pl031Register::Control:
      return started;
    case Pl031Register::InterruptMask:
      return enabled_ ? interrupt : 0;
    case Pl031Register::RawInterrupt:
      return raised_ ? interrupt : 0;
    case Pl031Register::MaskedInterrupt:
      return interrupt_pending() ? interrupt : 0;
    case Pl031Register::InterruptClear:  // write-only
      break;
  }
  return primecell::identification(offset, peripheral_id);
}

void Pl031Registers::write(std::uint64_t offset, Register value, WallTime now) {
  catch_up(now);
  switch (Pl031Register{static_cast<std::uint16_t>(offset)}) {
    case Pl031Register::Match:
      match_ = value;
      if (counter() == match_) raised_ = true;
      break;
    case Pl031Register::Load:
      loaded_ = value;
      offset_seconds_ = value - whole_seconds(host_now_);
      if (counter() == match_) raised_ = true;
      break;
    case Pl031Register::InterruptMask:
      enabled_ = (value & interrupt) != 0;
      break;
    case Pl031Register::InterruptClear:
      if ((value & interrupt) != 0) raised_ = false;
      break;
    case Pl031Register::Control:  // once started it takes no orders
    case Pl031Register::Data:     // read-only
    case Pl031Register::RawInterrupt:
    case Pl031Register::MaskedInterrupt:
      break;
  }
}

void Pl031Registers::catch_up(WallTime now) {
  if (now >= match_time()) raised_ = true;
  host_now_ = now;
}

std::optional<WallTime> Pl031Registers::next_interrupt() const {
  if (!enabled_ || raised_) return std::nullopt;
  return match_time();
}

}  // namespace devices
