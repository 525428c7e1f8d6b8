#include "devices/clock/pl031.hpp"

#include "devices/register_access.hpp"

namespace devices {

using Register = Pl031Registers::Register;

Pl031::Pl031(runtime::Executor executor, platform::InterruptLine irq, const WallClock& now)
    : clock_{executor, std::move(irq), now, Pl031Registers{now()}} {}

void Pl031::read(std::uint64_t offset, std::span<std::byte> data) {
  clock_.update([&](Pl031Registers& registers) {
    read_registers<Register>(offset, data,
                             [&](std::uint64_t at) { return registers.read(at, clock_.now()); });
  });
}

void Pl031::write(std::uint64_t offset, std::span<const std::byte> data) {
  clock_.update([&](Pl031Registers& registers) {
    write_registers<Register>(offset, data, [&](std::uint64_t at, Register value) {
      registers.write(at, value, clock_.now());
    });
  });
}

}  // namespace devices
