#include "platform/interrupts.hpp"

namespace platform {

void InterruptPin::wire_changed(bool asserted) {
  // Two wires that change at once must not leave the pin at the level of the one that lost: the
  // count and the controller's level change together.
  const std::lock_guard lock{mutex_};
  const int before = asserted_wires_;
  asserted_wires_ += asserted ? 1 : -1;
  if ((before == 0) != (asserted_wires_ == 0)) controller_.set_level(pin_, asserted_wires_ != 0);
}

}  // namespace platform
