// What CPUID tells a guest: KVM's supported set, made true for one processor of one machine.
//
// Spec: Intel SDM vol. 2A "CPUID"; AMD APM vol. 3 appendix E; Linux
// Documentation/virt/kvm/x86/cpuid.rst.
#pragma once

#include <linux/kvm.h>

#include <cstdint>
#include <vector>

namespace platform::kvm::x86_64 {

struct CpuidFacts {
  std::uint32_t apic_id = 0;
  std::uint32_t processors = 1;  ///< One socket, one thread per core.
  std::uint32_t tsc_khz = 0;
  bool tsc_deadline_timer = false;
  bool gigabyte_pages = false;
};

[[nodiscard]] std::vector<kvm_cpuid_entry2> guest_cpuid(std::vector<kvm_cpuid_entry2> supported,
                                                        const CpuidFacts& facts);

/// MAXPHYADDR of a guest with this CPUID.
[[nodiscard]] unsigned physical_address_bits(const std::vector<kvm_cpuid_entry2>& entries);

/// Asks this processor itself: KVM leaves the bit out where shadow paging would make it useless.
[[nodiscard]] bool host_has_gigabyte_pages();

}  // namespace platform::kvm::x86_64
