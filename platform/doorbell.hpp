// A guest write that becomes an Event: the back end rings it and the vCPU goes on, without an exit.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "platform/address.hpp"

namespace platform {

struct Doorbell {
  std::variant<Port, GuestAddress> place;
  std::uint8_t size_bytes = 4;              ///< Of the write: 1, 2, 4 or 8.
  std::optional<std::uint64_t> value = {};  ///< Only a write of this; any if empty.
};

}  // namespace platform
