// A guest write that becomes an Event: the back end rings it and the vCPU goes on, without an exit.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "platform/address.hpp"
#include "runtime/event.hpp"

namespace platform {

struct Doorbell {
  std::variant<Port, GuestAddress> place;
  /// Of the write: 1, 2, 4 or 8. 0: any, which has no value; in memory it is the cheapest, where
  /// the back end then need not look at the guest's instruction.
  std::uint8_t size_bytes = 4;
  std::optional<std::uint64_t> value = {};  ///< Only a write of this; any if empty.
};

/// Doorbells that come and go while the guest runs. Callable from any thread.
class Doorbells {
 public:
  virtual ~Doorbells() = default;

  /// From here on such a write notifies `event`, and is no exit any more. False if the back end has
  /// no doorbell left, or one there already: such writes go on to be exits.
  [[nodiscard]] virtual bool try_ring(const Doorbell& doorbell, runtime::Event& event) noexcept = 0;
  /// Takes away what rang `event`.
  virtual void unring(const Doorbell& doorbell, runtime::Event& event) noexcept = 0;
};

}  // namespace platform
