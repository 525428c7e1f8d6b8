// When a terminal may send.
#pragma once

#include <cstdint>

namespace devices {

enum class TerminalHandshake : std::uint8_t {
  None,           // whenever the receiver has room
  RequestToSend,  // and the guest listens: it has raised RTS, or enabled the receive interrupt.
                  // What is typed (or piped in) before a driver is there waits for it.
};

}  // namespace devices
