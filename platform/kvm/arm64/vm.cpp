#include "platform/kvm/arm64/vm.hpp"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstddef>

#include "platform/arm64/page_sizes.hpp"
#include "platform/kvm/arm64/attribute.hpp"
#include "platform/kvm/arm64/gic.hpp"
#include "runtime/error.hpp"

namespace platform::kvm::arm64 {
namespace {

using platform::arm64::BootState;
using platform::arm64::Features;
using platform::arm64::GicIts;
using platform::arm64::GicV2m;
using platform::arm64::PlatformConfig;
using platform::arm64::Pmu;

constexpr std::uint64_t mpidr_el1 = KVM_REG_ARM64 | ARM64_SYS_REG(3, 0, 0, 0, 5);
constexpr std::uint64_t id_aa64mmfr0_el1 = KVM_REG_ARM64 | ARM64_SYS_REG(3, 0, 0, 7, 0);

/// A register of struct user_pt_regs, by its place in struct kvm_regs.
constexpr std::uint64_t core_register(std::size_t offset_bytes) {
  return KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | offset_bytes / sizeof(std::uint32_t);
}
constexpr std::uint64_t x0 = core_register(offsetof(kvm_regs, regs.regs));
constexpr std::uint64_t pc = core_register(offsetof(kvm_regs, regs.pc));

void set_register(int vcpu, std::uint64_t id, std::uint64_t value, const char* name) {
  kvm_one_reg request{};
  request.id = id;
  request.addr = reinterpret_cast<std::uintptr_t>(&value);
  runtime::check(::ioctl(vcpu, KVM_SET_ONE_REG, &request), "set the boot vCPU's {}", name);
}

std::uint64_t get_register(int vcpu, std::uint64_t id, const char* name) {
  std::uint64_t value = 0;
  kvm_one_reg request{};
  request.id = id;
  request.addr = reinterpret_cast<std::uintptr_t>(&value);
  runtime::check(::ioctl(vcpu, KVM_GET_ONE_REG, &request), "read a vCPU's {}", name);
  return value;
}

/// Hosts without the capability have 40 bits, and VMs of no other size.
constexpr unsigned default_address_bits = 40;

unsigned choose_address_bits(const System& system, unsigned needed) {
  const int most = system.capability(KVM_CAP_ARM_VM_IPA_SIZE);
  const unsigned available = most > 0 ? static_cast<unsigned>(most) : default_address_bits;
  if (needed > available) {
    throw runtime::HostError{EINVAL, "make a VM with {}-bit addresses: this host has {}", needed,
                             available};
  }
  return std::max(needed, std::min(default_address_bits, available));
}

unsigned long machine_type(const System& system, unsigned address_bits) {
  if (system.capability(KVM_CAP_ARM_VM_IPA_SIZE) <= 0) return 0;
  return KVM_VM_TYPE_ARM_IPA_SIZE(address_bits);
}

/// Whatever the host has that costs nothing until a guest uses it.
std::uint32_t feature_bits(const System& system, Pmu pmu) {
  std::uint32_t bits = 1u << KVM_ARM_VCPU_PSCI_0_2;
  if (pmu == Pmu::On) bits |= 1u << KVM_ARM_VCPU_PMU_V3;
  if (system.capability(KVM_CAP_ARM_SVE) > 0) bits |= 1u << KVM_ARM_VCPU_SVE;
  // KVM wants both or neither.
  if (system.capability(KVM_CAP_ARM_PTRAUTH_ADDRESS) > 0 &&
      system.capability(KVM_CAP_ARM_PTRAUTH_GENERIC) > 0) {
    bits |= 1u << KVM_ARM_VCPU_PTRAUTH_ADDRESS | 1u << KVM_ARM_VCPU_PTRAUTH_GENERIC;
  }
  return bits;
}

/// Loads and stores of more than one register, or with write-back, give a hypervisor no syndrome to
/// emulate them by. Unless asked to hand them over, KVM_RUN fails on one that is not for RAM, as if
/// the host had failed us.
void ask_for_undecodable_accesses(const VmCore& core) {
  if (core.system().capability(KVM_CAP_ARM_NISV_TO_USER) <= 0) return;
  kvm_enable_cap request{};
  request.cap = KVM_CAP_ARM_NISV_TO_USER;
  runtime::check(::ioctl(core.descriptor(), KVM_ENABLE_CAP, &request),
                 "have KVM hand over accesses it cannot decode");
}

void set_timer_interrupt(int vcpu, std::uint64_t timer, Gsi interrupt, const char* what) {
  set_attribute(vcpu, KVM_ARM_VCPU_TIMER_CTRL, timer, static_cast<int>(interrupt.value), what);
}

void set_up_pmu(int vcpu, Gsi interrupt) {
  set_attribute(vcpu, KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_IRQ,
                static_cast<int>(interrupt.value), "set a PMU's interrupt");
  set_attribute(vcpu, KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_INIT, "start a PMU");
}

}  // namespace

Vm::Vm(const System& system, std::uint32_t processors, unsigned address_bits)
    : kvm::Vm<platform::arm64::Vm>{system, processors,
                                   machine_type(system, choose_address_bits(system, address_bits))},
      address_bits_{choose_address_bits(system, address_bits)} {
  ask_for_undecodable_accesses(core_);
}

Features Vm::features() {
  const GicSupport gic = gic_support(core_.descriptor());
  return {.gic_v2 = gic.v2,
          .gic_v3 = gic.v3,
          .gic_its = gic.its,
          .pmu = core_.system().capability(KVM_CAP_ARM_PMU_V3) > 0};
}

std::unique_ptr<platform::Vcpu> Vm::create_vcpu(std::uint32_t index, Pmu pmu) {
  auto vcpu = core_.create_vcpu(index);
  initialise(vcpu->descriptor(), index, pmu);
  vcpus_.push_back(vcpu->descriptor());
  return vcpu;
}

void Vm::initialise(int vcpu, std::uint32_t index, Pmu pmu) {
  kvm_vcpu_init request{};
  runtime::check(::ioctl(core_.descriptor(), KVM_ARM_PREFERRED_TARGET, &request),
                 "ask KVM for the kind of its processors");
  request.features[0] |= feature_bits(core_.system(), pmu);
  if (index > 0) request.features[0] |= 1u << KVM_ARM_VCPU_POWER_OFF;
  runtime::check(::ioctl(vcpu, KVM_ARM_VCPU_INIT, &request), "initialise vCPU {}", index);
  if ((request.features[0] & 1u << KVM_ARM_VCPU_SVE) != 0) {
    int feature = KVM_ARM_VCPU_SVE;
    runtime::check(::ioctl(vcpu, KVM_ARM_VCPU_FINALIZE, &feature), "settle vCPU {}'s SVE", index);
  }
}

std::uint64_t Vm::mpidr(std::uint32_t index) {
  constexpr std::uint64_t affinity_fields = 0xFF'00FF'FFFF;
  return get_register(vcpus_.at(index), mpidr_el1, "MPIDR_EL1") & affinity_fields;
}

bool Vm::has_pages_of(std::uint64_t page_bytes) {
  const auto sizes = get_register(vcpus_.at(0), id_aa64mmfr0_el1, "ID_AA64MMFR0_EL1");
  return platform::arm64::has_pages_of(sizes, page_bytes);
}

void Vm::create_interrupt_controller(const PlatformConfig& config) {
  interrupt_controllers_ = create_gic(core_.descriptor(), config);
  messages_ = config.gic_msi;
  // Set for one vCPU, they hold for all.
  set_timer_interrupt(vcpus_.at(0), KVM_ARM_VCPU_TIMER_IRQ_VTIMER, config.virt_timer_ppi,
                      "set the virtual timer's interrupt");
  set_timer_interrupt(vcpus_.at(0), KVM_ARM_VCPU_TIMER_IRQ_PTIMER, platform::arm64::phys_timer_ppi,
                      "set the physical timer's interrupt");
  if (config.pmu_gsiv) {
    for (const int vcpu : vcpus_) set_up_pmu(vcpu, *config.pmu_gsiv);
  }
  for (const Wire& wire : wires_to_come_) interrupt_from(wire.eventfd.get(), wire.pin);
  wires_to_come_.clear();
}

void Vm::set_boot_state(const BootState& boot) {
  set_register(vcpus_.at(0), pc, boot.pc, "PC");
  set_register(vcpus_.at(0), x0, boot.x0, "X0");
}

void Vm::set_level(Gsi pin, bool asserted) noexcept {
  core_.set_line(KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | pin.value, asserted);
}

// KVM takes messages for its ITS alone. A GICv2m frame makes an edge of one, as
// devices::GicV2mFrame does for a processor's.
void Vm::send(const Message& message, std::uint32_t device_id) noexcept {
  if (std::holds_alternative<GicIts>(messages_)) core_.send(message, device_id);
  const auto* const frame = std::get_if<GicV2m>(&messages_);
  if (frame == nullptr) return;
  if (message.address != frame->frame_base + platform::arm64::gic_v2m_setspi_offset) return;
  if (message.data - frame->spi_base.value >= frame->spi_count) return;
  set_level({message.data}, true);
  set_level({message.data}, false);
}

// KVM wires nothing to a GIC that is not there yet, and the GIC comes after the processors.
void Vm::interrupt_from(int eventfd, Gsi pin) {
  if (interrupt_controllers_.empty()) {
    runtime::UniqueFd kept{
        runtime::check(::fcntl(eventfd, F_DUPFD_CLOEXEC, 0), "keep an interrupt's eventfd")};
    wires_to_come_.push_back({std::move(kept), pin});
    return;
  }
  core_.interrupt_from(eventfd, pin.value - platform::arm64::first_spi);
}

}  // namespace platform::kvm::arm64
