#include "devices/clock/cmos_rtc.hpp"

#include "devices/register_access.hpp"
#include "runtime/finally.hpp"
#include "runtime/timer.hpp"

namespace devices {
namespace {

constexpr std::uint64_t index_port = 0;

}  // namespace

WallTime CmosRtc::host_time() {
  return std::chrono::system_clock::now();
}

CmosRtc::CmosRtc(runtime::Executor executor, platform::InterruptLine irq, CmosMemorySizes memory,
                 WallClock now)
    : now_{std::move(now)}, state_{memory, now_(), std::move(irq)}, schedule_changed_{executor} {}

template <typename Change>
auto CmosRtc::update(Change change) {
  return state_.with([&](State& state) {
    const runtime::Finally settle{[&] {
      CmosRtcRegisters& registers = state.registers;
      state.irq.set(registers.interrupt_pending());
      const auto next = registers.next_interrupt();
      // Sleeping too long would miss an interrupt; waking too early costs nothing but the call.
      if (next && (!state.alarm_set_for || *next < *state.alarm_set_for)) {
        state.alarm_set_for = next;
        schedule_changed_.notify();
      }
    }};
    return change(state);
  });
}

void CmosRtc::read(std::uint64_t offset, std::span<std::byte> data) {
  update([&](State& state) {
    read_registers<std::uint8_t>(offset, data, [&](std::uint64_t at) -> std::uint8_t {
      return at == index_port ? 0xFF : state.registers.read(now_());
    });
  });
}

void CmosRtc::write(std::uint64_t offset, std::span<const std::byte> data) {
  update([&](State& state) {
    write_registers<std::uint8_t>(offset, data, [&](std::uint64_t at, std::uint8_t value) {
      if (at == index_port) {
        state.registers.select(value);
      } else {
        state.registers.write(value, now_());
      }
    });
  });
}

runtime::Task<> CmosRtc::run() {
  for (;;) {
    const auto next = update([this](State& state) {
      state.registers.catch_up(now_());
      state.alarm_set_for = state.registers.next_interrupt();
      return state.alarm_set_for;
    });
    if (next) {
      co_await runtime::with_deadline(*next - now_(), schedule_changed_.wait());
    } else {
      co_await schedule_changed_.wait();
    }
  }
}

}  // namespace devices
