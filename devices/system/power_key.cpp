#include "devices/system/power_key.hpp"

#include "devices/register_access.hpp"
#include "runtime/timer.hpp"

namespace devices {
namespace {

using Register = Pl061Registers::Register;

constexpr std::uint8_t up = 0;
constexpr std::uint8_t down = 1 << PowerKey::pin;

}  // namespace

PowerKey::PowerKey(runtime::Executor executor, platform::InterruptLine irq,
                   std::chrono::milliseconds press_lasts)
    : press_lasts_{press_lasts}, registers_{std::move(irq)}, pressed_{executor} {}

void PowerKey::read(std::uint64_t offset, std::span<std::byte> data) {
  registers_.update([&](const Pl061Registers& registers) {
    read_registers<Register>(offset, data, [&](std::uint64_t at) { return registers.read(at); });
  });
}

void PowerKey::write(std::uint64_t offset, std::span<const std::byte> data) {
  registers_.update([&](Pl061Registers& registers) {
    write_registers<Register>(
        offset, data, [&](std::uint64_t at, Register value) { registers.write(at, value); });
  });
}

void PowerKey::press() {
  registers_.update([](Pl061Registers& registers) { registers.drive(down); });
  pressed_.notify();
}

runtime::Task<> PowerKey::run() {
  for (;;) {
    co_await pressed_.wait();
    co_await runtime::sleep_for(press_lasts_);
    registers_.update([](Pl061Registers& registers) { registers.drive(up); });
  }
}

}  // namespace devices
