// A guest that does anything to the clock chip while time passes.
//
// Input: groups of an operation, an index and a value.

#include <cstdint>

#include "devices/clock/cmos_rtc_registers.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace std::chrono;
using namespace std::chrono_literals;
using devices::CmosRtcRegisters;
using devices::WallTime;

/// From a nanosecond to some months, and now and then a step back.
nanoseconds step(std::uint8_t scale, std::uint8_t amount) {
  const nanoseconds forward{(std::int64_t{amount} + 1) << (scale % 46)};
  return scale % 16 == 15 ? -forward : forward;
}

void check(CmosRtcRegisters& rtc, WallTime now) {
  const auto next = rtc.next_interrupt();
  if (!next) return;
  // What is announced comes, and not before: run() sleeps by it.
  require(*next > now);
  require(*next <= now + 24h + 1s);
  CmosRtcRegisters later = rtc;
  later.catch_up(*next - 1ns);
  require(!later.interrupt_pending());
  later.catch_up(*next);
  require(later.interrupt_pending());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  WallTime now = sys_days{2026y / January / 15} + 13h + 45min;
  CmosRtcRegisters rtc{devices::CmosMemorySizes{1ULL << 29, 1ULL << 33}, now};
  for (std::size_t i = 0; i + 2 < size_bytes; i += 3) {
    const std::uint8_t operation = data[i];
    switch (operation % 4) {
      case 0:
        now += step(data[i + 1], data[i + 2]);
        // No host shows a time outside of these; see host_time().
        if (now < sys_days{1970y / January / 1} || now > sys_days{2100y / January / 1}) return 0;
        rtc.catch_up(now);
        break;
      case 1:
        rtc.select(data[i + 1]);
        (void)rtc.read(now);
        break;
      case 2:  // the first fourteen registers are where things happen
        rtc.select(data[i + 1] % 0x0E);
        rtc.write(data[i + 2], now);
        break;
      default:
        rtc.select(data[i + 1]);
        rtc.write(data[i + 2], now);
    }
    check(rtc, now);
  }
  return 0;
}
