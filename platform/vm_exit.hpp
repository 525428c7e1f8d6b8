// Everything that stops a vCPU, as a value. platform never calls a device: whoever runs the vCPU
// looks at the exit and decides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include "platform/address.hpp"

namespace platform {

/// The guest reads a port: fill `data`, `width_bytes` at a time (`rep ins` asks for several).
struct PortRead {
  Port port;
  std::uint8_t width_bytes;
  std::span<std::byte> data;
};

/// The guest wrote a port: `width_bytes` at a time, all to the same port.
struct PortWrite {
  Port port;
  std::uint8_t width_bytes;
  std::span<const std::byte> data;
  /// The back end had set it aside (Vm::coalesce_writes); what stopped the vCPU follows at once,
  /// and until it has come the vCPU must not be left standing.
  bool late = false;
};

/// The guest reads memory that is not RAM: fill `data`.
struct MmioRead {
  GuestAddress address;
  std::span<std::byte> data;
};

struct MmioWrite {
  GuestAddress address;
  std::span<const std::byte> data;
};

/// Someone called Vcpu::kick().
struct Kicked {};

/// The processor shut down (x86: triple fault).
struct TripleFault {};

/// The guest asked for it through its firmware interface (AArch64: PSCI).
struct SystemEvent {
  enum class Kind : std::uint8_t { PowerOff, Reset, WarmReset, Crash };
  Kind kind;
};

/// The guest did something the back end cannot carry out (x86: an instruction KVM cannot emulate,
/// a register state the hardware refuses). It cannot go on.
struct Unrunnable {
  const char* reason;        ///< The back end's words, static storage.
  std::uint64_t detail = 0;  ///< Its number for it.
};

/// Valid until the vCPU runs again; the spans point at what the vCPU shares with the back end.
using VmExit = std::variant<PortRead, PortWrite, MmioRead, MmioWrite, Kicked, TripleFault,
                            SystemEvent, Unrunnable>;

}  // namespace platform
