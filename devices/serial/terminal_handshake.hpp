// When a terminal may send.
#pragma once

#include <cstdint>

namespace devices {

enum class TerminalHandshake : std::uint8_t {
  None,          // whenever the receiver has room
  GuestListens,  // and the guest shows that it reads, as far as its chip can tell. What is typed
                 // (or piped in) before a driver is there waits for it.
};

}  // namespace devices
