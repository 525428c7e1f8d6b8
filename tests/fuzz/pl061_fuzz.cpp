// A guest that does anything to a PL061, and wires that do anything to its pins.
//
// Input: groups of an operation, an offset in registers and a value.

#include <cstdint>

#include "devices/system/pl061_registers.hpp"
#include "tests/fuzz/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  devices::Pl061Registers gpio;
  for (std::size_t i = 0; i + 2 < size_bytes; i += 3) {
    // The registers but for the data, or anywhere.
    const std::uint64_t offset = data[i] % 8 < 4 ? 0x400u + data[i + 1] % 16 * 4u
                                                 : (data[i + 1] << 4 | data[i] >> 4) & 0xFFC;
    switch (data[i] % 4) {
      case 0:
        (void)gpio.read(offset);
        break;
      case 1:
        gpio.drive(data[i + 2]);
        require((gpio.read(0x3FC) & ~gpio.read(0x400)) == (data[i + 2] & ~gpio.read(0x400)));
        break;
      default:
        gpio.write(offset, data[i + 2]);
    }
    const auto pins = gpio.read(0x3FC), sense = gpio.read(0x404), event = gpio.read(0x40C);
    require((gpio.read(0x414) & sense) == (~(pins ^ event) & sense));
    require(gpio.read(0x418) == (gpio.read(0x414) & gpio.read(0x410)));
    require(gpio.interrupt_pending() == (gpio.read(0x418) != 0));
    devices::Pl061Registers cleared = gpio;
    cleared.write(0x41C, 0xFF);
    require((cleared.read(0x414) & ~sense) == 0);
  }
  return 0;
}
