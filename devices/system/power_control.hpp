// What a guest can ask of the machine as a whole.
#pragma once

namespace devices {

/// Called on vCPU threads in the middle of a register write, possibly by several at once and more
/// than once: leave a note for somebody else and return. The vCPU goes on until it is stopped.
class PowerControl {
 public:
  virtual ~PowerControl() = default;
  virtual void power_off() = 0;
  virtual void reset() = 0;
};

}  // namespace devices
