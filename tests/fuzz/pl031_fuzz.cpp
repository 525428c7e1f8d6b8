// A guest that does anything to a PL031 while time passes.
//
// Input: groups of an operation, an offset and four bytes of value.

#include <cstdint>
#include <cstring>

#include "devices/clock/pl031_registers.hpp"
#include "tests/fuzz/clock_steps.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace std::chrono;
using devices::Pl031Registers;
using devices::WallTime;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  WallTime now = first_host_time;
  Pl031Registers rtc{now};
  for (; size_bytes >= 6; data += 6, size_bytes -= 6) {
    const std::uint64_t offset = data[1] % 16 * 4u;
    std::uint32_t value = 0;
    std::memcpy(&value, data + 2, sizeof value);
    switch (data[0] % 4) {
      case 0:
        now += clock_step(data[1], data[2]);
        if (!is_host_time(now)) return 0;
        rtc.catch_up(now);
        break;
      case 1:
        (void)rtc.read(data[0] % 8 == 1 ? offset : value & 0xFFC, now);
        break;
      case 2:
        rtc.write(offset, value, now);
        break;
      default:  // a match or a load that is not far off
        rtc.write(offset % 16, rtc.read(0, now) + value % 1024, now);
    }
    check_next_interrupt(rtc, now, seconds{1LL << 32});
    require(rtc.interrupt_pending() == (rtc.read(0x18, now) != 0));
  }
  return 0;
}
