#include "devices/clock/cmos_rtc.hpp"

#include "devices/register_access.hpp"

namespace devices {
namespace {

constexpr std::uint64_t index_port = 0;

}  // namespace

CmosRtc::CmosRtc(runtime::Executor executor, platform::InterruptLine irq, CmosMemorySizes memory,
                 const WallClock& now)
    : clock_{executor, std::move(irq), now, CmosRtcRegisters{memory, now()}} {}

void CmosRtc::read(std::uint64_t offset, std::span<std::byte> data) {
  clock_.update([&](CmosRtcRegisters& registers) {
    read_registers<std::uint8_t>(offset, data, [&](std::uint64_t at) -> std::uint8_t {
      return at == index_port ? 0xFF : registers.read(clock_.now());
    });
  });
}

void CmosRtc::write(std::uint64_t offset, std::span<const std::byte> data) {
  clock_.update([&](CmosRtcRegisters& registers) {
    write_registers<std::uint8_t>(offset, data, [&](std::uint64_t at, std::uint8_t value) {
      if (at == index_port) {
        registers.select(value);
      } else {
        registers.write(value, clock_.now());
      }
    });
  });
}

}  // namespace devices
