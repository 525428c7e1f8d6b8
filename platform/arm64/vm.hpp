// A VM with AArch64 processors, Arm's generic interrupt controller and PSCI.
#pragma once

#include <cstdint>
#include <memory>

#include "platform/arm64/config.hpp"
#include "platform/vm.hpp"

namespace platform::arm64 {

/// What a guest can have on this host.
struct Features {
  bool gic_v2 = false;
  bool gic_v3 = false;
  bool gic_its = false;
  bool pmu = false;  ///< PMUv3
  friend bool operator==(const Features&, const Features&) = default;
};

/// Where the boot processor begins: EL1h, all exceptions masked, MMU off.
struct BootState {
  std::uint64_t pc = 0;
  std::uint64_t x0 = 0;
};

enum class Pmu : std::uint8_t { Off, On };

class Vm : public platform::Vm {
 public:
  [[nodiscard]] virtual Features features() = 0;

  /// Creates processor `index` (in order, from 0). The first one runs; the others are off until the
  /// guest turns them on (PSCI CPU_ON).
  virtual std::unique_ptr<Vcpu> create_vcpu(std::uint32_t index, Pmu pmu) = 0;

  /// The affinity fields of a created processor's MPIDR_EL1: its name in tables and for PSCI.
  [[nodiscard]] virtual std::uint64_t mpidr(std::uint32_t index) = 0;

  /// Whether the created processors translate addresses in pages of that size: 4, 16 or 64 KiB.
  [[nodiscard]] virtual bool has_pages_of(std::uint64_t page_bytes) = 0;

  /// Makes the interrupt controller, once all processors are there, and tells them which private
  /// interrupts their timers and PMUs have. `config` has been validated.
  virtual void create_interrupt_controller(const PlatformConfig& config) = 0;

  /// Sets the first processor's registers.
  virtual void set_boot_state(const BootState& boot) = 0;
};

}  // namespace platform::arm64
