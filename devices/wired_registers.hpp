// The shell of a chip to which nothing happens by itself: registers, and a wire.
//
// Threads: any.
#pragma once

#include <utility>

#include "platform/interrupts.hpp"
#include "runtime/finally.hpp"
#include "runtime/guarded.hpp"

namespace devices {

/// Registers is pure state with an interrupt_pending().
template <typename Registers>
class WiredRegisters {
 public:
  explicit WiredRegisters(platform::InterruptLine line) : state_{std::move(line)} {}

  /// Returns change(registers), which is called under the lock; the line then follows from them.
  template <typename Change>
  auto update(Change change) {
    return state_.with([&](State& state) {
      const runtime::Finally settle{[&] { state.line.set(state.registers.interrupt_pending()); }};
      return change(state.registers);
    });
  }

 private:
  struct State {
    explicit State(platform::InterruptLine wire) : line{std::move(wire)} {}

    Registers registers;
    platform::InterruptLine line;
  };

  runtime::Guarded<State> state_;
};

}  // namespace devices
