// The parts of an AArch64 machine that its interrupt controller, its firmware tables and its device
// tree must agree on: one value, from which all three are made.
//
// Spec: Arm GIC architecture (IHI 0069), GICv2m in the Server Base System Architecture, appendix E;
//       Linux Documentation/virt/kvm/devices/arm-vgic-v3.rst and vcpu.rst.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <variant>

#include "platform/address.hpp"
#include "platform/interrupts.hpp"

namespace platform::arm64 {

// Interrupt ids: 0..15 between processors (SGI), 16..31 private to one (PPI), from 32 on shared
// (SPI). A Gsi of an AArch64 machine is an interrupt id, as ACPI has it; a device tree counts PPIs
// and SPIs from 0.
inline constexpr std::uint32_t first_ppi = 16;
inline constexpr std::uint32_t first_spi = 32;

/// Whether `interrupt` is private to a processor.
[[nodiscard]] constexpr bool is_ppi(Gsi interrupt) {
  return interrupt.value >= first_ppi && interrupt.value < first_spi;
}

/// The EL1 physical timer's, on every machine: KVM's own choice, which nothing here changes.
inline constexpr Gsi phys_timer_ppi{30};

inline constexpr std::uint64_t gic_distributor_bytes = 0x1'0000;
inline constexpr std::uint64_t gic_v2_distributor_bytes = 0x1000;
inline constexpr std::uint64_t gic_v2_cpu_interface_bytes = 0x2000;
inline constexpr std::uint64_t gic_redistributor_bytes = 0x2'0000;  // of one processor
inline constexpr std::uint64_t gic_its_bytes = 0x2'0000;
inline constexpr std::uint64_t gic_v2m_bytes = 0x1000;
inline constexpr std::uint64_t gic_v2m_setspi_offset = 0x040;  // where messages go

struct GicV2 {
  GuestAddress cpu_interface_base;
  friend bool operator==(const GicV2&, const GicV2&) = default;
};
struct GicV3 {
  /// The first processor's; the others' follow, `gic_redistributor_bytes` each.
  GuestAddress gic_redistributors_base;
  friend bool operator==(const GicV3&, const GicV3&) = default;
};
using GicVersion = std::variant<GicV2, GicV3>;

/// No message-signalled interrupts.
struct NoMsi {
  friend bool operator==(const NoMsi&, const NoMsi&) = default;
};
/// A page whose doorbell register raises one of a run of SPIs.
struct GicV2m {
  GuestAddress frame_base;
  Gsi spi_base;
  std::uint32_t spi_count = 0;
  friend bool operator==(const GicV2m&, const GicV2m&) = default;
};
/// The interrupt translation service; GICv3 only.
struct GicIts {
  GuestAddress its_base;
  friend bool operator==(const GicIts&, const GicIts&) = default;
};
using GicMsi = std::variant<NoMsi, GicV2m, GicIts>;

struct PlatformConfig {
  GuestAddress gic_distributor_base;
  GicVersion gic_version;
  GicMsi gic_msi;
  /// One past the highest interrupt id: 64..992, a multiple of 32.
  std::uint32_t gic_nr_irqs = 992;
  std::optional<Gsi> pmu_gsiv;  ///< A PPI; none where the processors have no PMU.
  Gsi virt_timer_ppi{20};
  Gsi vmbus_ppi{18};
  /// What the FADT says about the hypervisor; 0: nothing (ACPI 6.5, table 5.9).
  std::uint64_t hypervisor_vendor_identity = 0;
  friend bool operator==(const PlatformConfig&, const PlatformConfig&) = default;
};

/// A configuration no machine can have. One line: the field, what was found and what was expected.
class InvalidConfig final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws InvalidConfig for a private interrupt that is not one (16..31), two that are the same
/// (the physical timer's among them: KVM runs no vCPU then), an ITS without a GICv3, too many
/// processors for a GICv2 (8), or SPIs beyond `gic_nr_irqs`.
void validate(const PlatformConfig& config, std::uint32_t processors);

/// The affinity fields of MPIDR_EL1 that KVM gives processor `index`: 16 to a cluster.
[[nodiscard]] constexpr std::uint64_t default_mpidr(std::uint32_t index) {
  return (index & 0xFull) | (index >> 4 & 0xFFull) << 8 | (index >> 12 & 0xFFull) << 16;
}

}  // namespace platform::arm64
