// A KVM virtual machine with AArch64 processors and KVM's own GIC.
//
// Spec: Linux Documentation/virt/kvm/api.rst; Documentation/virt/kvm/arm/; devices/vcpu.rst.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "platform/arm64/vm.hpp"
#include "platform/kvm/vm.hpp"
#include "runtime/unique_fd.hpp"

namespace platform::kvm::arm64 {

class Vm final : public kvm::Vm<platform::arm64::Vm> {
 public:
  /// `address_bits`: how many a guest-physical address of this machine needs. Throws HostError when
  /// the host refuses or has fewer.
  Vm(const System& system, std::uint32_t processors, unsigned address_bits);

  unsigned physical_address_bits() override { return address_bits_; }
  platform::arm64::Features features() override;
  std::unique_ptr<platform::Vcpu> create_vcpu(std::uint32_t index,
                                              platform::arm64::Pmu pmu) override;
  std::uint64_t mpidr(std::uint32_t index) override;
  bool has_pages_of(std::uint64_t page_bytes) override;
  void create_interrupt_controller(const platform::arm64::PlatformConfig& config) override;
  void set_boot_state(const platform::arm64::BootState& boot) override;
  void interrupt_from(int eventfd, Gsi pin) override;
  /// Guests map registers as device memory, whose reads pass the caches by: they would not see what
  /// we wrote there last.
  bool try_show(GuestAddress, const RegisterPage&) noexcept override { return false; }
  void hide(GuestAddress) noexcept override {}

 private:
  void set_level(Gsi pin, bool asserted) noexcept override;
  void send(const Message& message, std::uint32_t device_id) noexcept override;
  void initialise(int vcpu, std::uint32_t index, platform::arm64::Pmu pmu);

  struct Wire {
    runtime::UniqueFd eventfd;
    Gsi pin;
  };

  unsigned address_bits_;
  std::vector<int> vcpus_;  // their descriptors; the vCPUs belong to whoever asked for them
  std::vector<runtime::UniqueFd> interrupt_controllers_;
  std::vector<Wire> wires_to_come_;
  platform::arm64::GicMsi messages_;
};

}  // namespace platform::kvm::arm64
