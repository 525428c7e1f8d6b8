// A function's interrupts: the MSI-X table under a lock, and the controller its messages go to.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <span>

#include "devices/pci/msix_table.hpp"
#include "platform/interrupts.hpp"
#include "runtime/guarded.hpp"

namespace devices::pci {

class MessageInterrupts {
 public:
  /// `device_id` is what the controller knows the function by: bus << 8 | device << 3 | function.
  MessageInterrupts(platform::InterruptController& controller, std::uint32_t device_id,
                    std::uint16_t vectors)
      : controller_{controller}, device_id_{device_id}, table_{vectors} {}

  /// Interrupts the guest; now, or as soon as it lets us.
  void raise(std::uint16_t vector) noexcept {
    table_.with([&](MsixTable& table) {
      if (const auto message = table.signal(vector)) controller_.send(*message, device_id_);
    });
  }

  /// Looks at the table.
  template <typename Look>
  auto look(Look look) const {
    return table_.with(look);
  }
  /// Changes it, and sends what is due then. Under the lock: once a guest has masked a vector, it
  /// may count on no message coming any more.
  template <typename Change>
  void update(Change change) {
    table_.with([&](MsixTable& table) {
      change(table);
      while (const auto message = table.take_due()) controller_.send(*message, device_id_);
    });
  }

 private:
  platform::InterruptController& controller_;
  const std::uint32_t device_id_;
  runtime::Guarded<MsixTable> table_;
};

}  // namespace devices::pci
