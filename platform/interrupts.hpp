// Interrupts as a device sees them: a wire, or a message where the guest says; never a number.
#pragma once

#include <cstdint>
#include <mutex>

#include "platform/address.hpp"

namespace platform {

/// A global system interrupt: a pin of the VM's interrupt controllers, as ACPI numbers them.
struct Gsi {
  std::uint32_t value = 0;
  friend constexpr bool operator==(Gsi, Gsi) = default;
};

/// What a device writes to interrupt a processor: the guest chose both. Most hosts tell apart who
/// writes it, too (PCI: bus << 8 | device << 3 | function).
struct Message {
  GuestAddress address;
  std::uint32_t data = 0;
  friend constexpr bool operator==(const Message&, const Message&) = default;
};

/// The controllers' side of wires and messages. Callable from any thread.
class InterruptController {
 public:
  virtual ~InterruptController() = default;
  virtual void set_level(Gsi pin, bool asserted) noexcept = 0;
  /// One that no processor takes, or that goes where no messages are taken, is lost.
  virtual void send(const Message& message, std::uint32_t device_id) noexcept = 0;
};

/// One pin of a controller, driven by one or more wires; it is high while any of them is.
class InterruptPin {
 public:
  InterruptPin(InterruptController& controller, Gsi pin) : controller_{controller}, pin_{pin} {}
  InterruptPin(const InterruptPin&) = delete;
  InterruptPin& operator=(const InterruptPin&) = delete;

  /// Called by wires when they change.
  void wire_changed(bool asserted);

 private:
  InterruptController& controller_;
  const Gsi pin_;
  std::mutex mutex_;
  int asserted_wires_ = 0;
};

/// One device's wire to a pin. Its owner calls `set` from one thread at a time.
class InterruptLine {
 public:
  explicit InterruptLine(InterruptPin& pin) : pin_{&pin} {}
  InterruptLine(InterruptLine&& other) noexcept = default;

  /// Only a change reaches the controller, so a device may call this after every register access.
  void set(bool asserted) {
    if (asserted == asserted_) return;
    asserted_ = asserted;
    pin_->wire_changed(asserted);
  }

 private:
  InterruptPin* pin_;
  bool asserted_ = false;
};

}  // namespace platform
