// An ARM machine's serial port.
#pragma once

#include "devices/serial/pl011_registers.hpp"
#include "devices/serial/serial_port.hpp"

namespace devices {

using Pl011 = SerialPort<Pl011Registers>;
extern template class SerialPort<Pl011Registers>;

}  // namespace devices
