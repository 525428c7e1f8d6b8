// A PC's serial port.
#pragma once

#include "devices/serial/serial_port.hpp"
#include "devices/serial/uart_16550_registers.hpp"

namespace devices {

using Uart16550 = SerialPort<Uart16550Registers>;
extern template class SerialPort<Uart16550Registers>;

}  // namespace devices
