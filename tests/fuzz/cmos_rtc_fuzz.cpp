// A guest that does anything to the clock chip while time passes.
//
// Input: groups of an operation, an index and a value.

#include <cstdint>

#include "devices/clock/cmos_rtc_registers.hpp"
#include "tests/fuzz/clock_steps.hpp"

namespace {

using namespace std::chrono_literals;
using devices::CmosRtcRegisters;
using devices::WallTime;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  WallTime now = first_host_time;
  CmosRtcRegisters rtc{devices::CmosMemorySizes{1ULL << 29, 1ULL << 33}, now};
  for (std::size_t i = 0; i + 2 < size_bytes; i += 3) {
    const std::uint8_t operation = data[i];
    switch (operation % 4) {
      case 0:
        now += clock_step(data[i + 1], data[i + 2]);
        if (!is_host_time(now)) return 0;
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
    check_next_interrupt(rtc, now, 24h + 1s);
  }
  return 0;
}
