#include "platform/kvm/x86_64/cpuid.hpp"

#include <cpuid.h>

#include <algorithm>
#include <bit>
#include <utility>

namespace platform::kvm::x86_64 {
namespace {

// Leaf 1.
constexpr std::uint32_t leaf1_ecx_vmx = 1u << 5;
constexpr std::uint32_t leaf1_ecx_x2apic = 1u << 21;
constexpr std::uint32_t leaf1_ecx_tsc_deadline = 1u << 24;
constexpr std::uint32_t leaf1_ecx_hypervisor = 1u << 31;
constexpr std::uint32_t leaf1_edx_htt = 1u << 28;
// Leaf 0x80000001.
constexpr std::uint32_t extended_ecx_cmp_legacy = 1u << 1;
constexpr std::uint32_t extended_ecx_svm = 1u << 2;
constexpr std::uint32_t extended_ecx_topology = 1u << 22;
constexpr std::uint32_t extended_edx_gigabyte_pages = 1u << 26;
// Leaf 0x80000008, EBX.
constexpr std::uint32_t sizes_ebx_ibrs = 1u << 14;
constexpr std::uint32_t sizes_ebx_ssbd = 1u << 24;
constexpr std::uint32_t sizes_ebx_psfd = 1u << 28;
// Leaf 7, EDX.
constexpr std::uint32_t leaf7_edx_spec_ctrl = 1u << 26;

constexpr std::uint32_t frequency_leaf = 0x15;
constexpr std::uint32_t megahertz_leaf = 0x16;
constexpr std::uint32_t hypervisor_leaf = 0x40000000;
constexpr std::uint32_t hypervisor_frequency_leaf = 0x40000010;

// KVM's local APIC timer counts at 1 GHz unless told otherwise (KVM_CAP_X86_APIC_BUS_CYCLES_NS).
constexpr std::uint32_t apic_bus_khz = 1'000'000;

using Entries = std::vector<kvm_cpuid_entry2>;

kvm_cpuid_entry2* find(Entries& entries, std::uint32_t leaf, std::uint32_t index = 0) {
  const auto entry = std::ranges::find_if(entries, [=](const kvm_cpuid_entry2& candidate) {
    return candidate.function == leaf && candidate.index == index;
  });
  return entry == entries.end() ? nullptr : &*entry;
}

void remove(Entries& entries, std::uint32_t leaf) {
  std::erase_if(entries, [=](const kvm_cpuid_entry2& entry) { return entry.function == leaf; });
}

void replace(Entries& entries, kvm_cpuid_entry2 entry) {
  if (kvm_cpuid_entry2* old = find(entries, entry.function, entry.index)) {
    *old = entry;
  } else {
    entries.push_back(entry);
  }
}

kvm_cpuid_entry2 leaf(std::uint32_t function, std::uint32_t eax, std::uint32_t ebx,
                      std::uint32_t ecx, std::uint32_t edx) {
  kvm_cpuid_entry2 entry{};
  entry.function = function;
  entry.eax = eax;
  entry.ebx = ebx;
  entry.ecx = ecx;
  entry.edx = edx;
  return entry;
}

/// Bits an APIC id needs when `count` of them are numbered from 0.
std::uint32_t id_width(std::uint32_t count) {
  return static_cast<std::uint32_t>(std::bit_width(count - 1));
}

void set_features(Entries& entries, const CpuidFacts& facts) {
  if (auto* entry = find(entries, 1)) {
    const std::uint32_t logical_processors = std::min(std::bit_ceil(facts.processors), 255u);
    entry->ecx &= ~(leaf1_ecx_vmx | leaf1_ecx_tsc_deadline);
    entry->ecx |= leaf1_ecx_hypervisor | leaf1_ecx_x2apic;
    if (facts.tsc_deadline_timer) entry->ecx |= leaf1_ecx_tsc_deadline;
    entry->ebx = (entry->ebx & 0x0000FFFF) | logical_processors << 16 | facts.apic_id << 24;
    entry->edx &= ~leaf1_edx_htt;
    if (facts.processors > 1) entry->edx |= leaf1_edx_htt;
  }
  if (auto* entry = find(entries, 0x80000001)) {
    entry->ecx &= ~(extended_ecx_svm | extended_ecx_cmp_legacy);
    if (facts.processors > 1) entry->ecx |= extended_ecx_cmp_legacy;
    if (facts.gigabyte_pages) entry->edx |= extended_edx_gigabyte_pages;
  }
  remove(entries, 0x8000000A);  // SVM's own leaf goes with SVM.
}

/// PSFD without SPEC_CTRL offers a bit of a register the guest does not have.
void drop_orphaned_psfd(Entries& entries) {
  auto* sizes = find(entries, 0x80000008);
  if (sizes == nullptr) return;
  const auto* features = find(entries, 7);
  const bool spec_ctrl = (sizes->ebx & (sizes_ebx_ibrs | sizes_ebx_ssbd)) != 0 ||
                         (features != nullptr && (features->edx & leaf7_edx_spec_ctrl) != 0);
  if (!spec_ctrl) sizes->ebx &= ~sizes_ebx_psfd;
}

/// SGX needs memory we do not give; its sub-leaves would promise it.
void drop_sgx(Entries& entries) {
  for (kvm_cpuid_entry2& entry : entries) {
    if (entry.function == 0x12) entry.eax = entry.ebx = entry.ecx = entry.edx = 0;
  }
}

/// Leaves 4 and 0x8000001D: who shares a cache. L1 and L2 belong to a core, the rest to the socket.
void set_cache_sharing(Entries& entries, const CpuidFacts& facts) {
  const std::uint32_t socket_ids = (1u << id_width(facts.processors)) - 1;
  for (kvm_cpuid_entry2& entry : entries) {
    const bool intel = entry.function == 4;
    const bool amd = entry.function == 0x8000001D;
    if ((!intel && !amd) || (entry.eax & 0x1F) == 0) continue;
    const std::uint32_t level = (entry.eax >> 5) & 7;
    const std::uint32_t sharing = level >= 3 ? (amd ? facts.processors - 1 : socket_ids) : 0;
    entry.eax = (entry.eax & 0x3FFF) | (sharing & 0xFFF) << 14;
    if (intel) entry.eax |= std::min(socket_ids, 63u) << 26;
  }
}

/// Leaves 0xB and 0x1F: level 0 is the thread (one per core), level 1 the core.
void set_extended_topology(Entries& entries, const CpuidFacts& facts) {
  constexpr std::uint32_t thread_level = 1;
  constexpr std::uint32_t core_level = 2;
  const bool has_0x1f = find(entries, 0x1F) != nullptr;
  for (const std::uint32_t function : {0xBu, 0x1Fu}) {
    if (function == 0x1F && !has_0x1f) continue;
    remove(entries, function);
    const auto add = [&](std::uint32_t index, std::uint32_t shift, std::uint32_t count,
                         std::uint32_t type) {
      auto entry = leaf(function, shift, count, index | type << 8, facts.apic_id);
      entry.index = index;
      entry.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
      entries.push_back(entry);
    };
    add(0, 0, 1, thread_level);
    add(1, id_width(facts.processors), facts.processors, core_level);
    add(2, 0, 0, 0);
  }
}

void set_amd_topology(Entries& entries, const CpuidFacts& facts) {
  if (auto* entry = find(entries, 0x80000008)) {
    entry->ecx = (entry->ecx & ~0xF0FFu) | id_width(facts.processors) << 12 |
                 ((facts.processors - 1) & 0xFF);
  }
  const auto* extended = find(entries, 0x80000001);
  if (extended != nullptr && (extended->ecx & extended_ecx_topology) != 0) {
    replace(entries, leaf(0x8000001E, facts.apic_id, facts.apic_id & 0xFF, 0, 0));
  }
}

struct Ratio {
  std::uint32_t numerator;
  std::uint32_t denominator;
};

/// TSC rate over APIC bus rate. The numerator stays small: Linux multiplies it by the bus rate in
/// kHz in 32 bits (native_calibrate_tsc).
Ratio tsc_to_bus(std::uint32_t tsc_khz) {
  constexpr std::uint32_t max_numerator = 0xFFFFFFFFu / apic_bus_khz;
  // Convergents of the continued fraction: the best approximations for their size.
  std::uint64_t value_over = tsc_khz;
  std::uint64_t value_under = apic_bus_khz;
  Ratio before{0, 1};
  Ratio best{1, 0};
  while (value_under != 0) {
    const std::uint64_t whole = value_over / value_under;
    const std::uint64_t numerator = whole * best.numerator + before.numerator;
    const std::uint64_t denominator = whole * best.denominator + before.denominator;
    if (numerator > max_numerator) break;
    before = best;
    best = {static_cast<std::uint32_t>(numerator), static_cast<std::uint32_t>(denominator)};
    value_over = std::exchange(value_under, value_over % value_under);
  }
  return best;
}

/// So that the guest calibrates nothing: the rates of the TSC and of the APIC timer.
void set_frequencies(Entries& entries, std::uint32_t tsc_khz) {
  const Ratio ratio = tsc_to_bus(tsc_khz);
  if (ratio.denominator != 0) {
    replace(entries,
            leaf(frequency_leaf, ratio.denominator, ratio.numerator, apic_bus_khz * 1000, 0));
  }
  const std::uint32_t tsc_mhz = tsc_khz / 1000;
  constexpr std::uint32_t nominal_bus_mhz = 100;
  replace(entries, leaf(megahertz_leaf, tsc_mhz, tsc_mhz, nominal_bus_mhz, 0));
  if (auto* basic = find(entries, 0)) basic->eax = std::max(basic->eax, megahertz_leaf);
  if (auto* hypervisor = find(entries, hypervisor_leaf)) {
    hypervisor->eax = std::max(hypervisor->eax, hypervisor_frequency_leaf);
    replace(entries, leaf(hypervisor_frequency_leaf, tsc_khz, apic_bus_khz, 0, 0));
  }
}

}  // namespace

std::vector<kvm_cpuid_entry2> guest_cpuid(std::vector<kvm_cpuid_entry2> supported,
                                          const CpuidFacts& facts) {
  Entries entries = std::move(supported);
  set_features(entries, facts);
  drop_orphaned_psfd(entries);
  drop_sgx(entries);
  set_cache_sharing(entries, facts);
  set_extended_topology(entries, facts);
  set_amd_topology(entries, facts);
  set_frequencies(entries, facts.tsc_khz);
  return entries;
}

unsigned physical_address_bits(const Entries& entries) {
  constexpr unsigned without_the_leaf = 36;
  const auto sizes = std::ranges::find(entries, 0x80000008u, &kvm_cpuid_entry2::function);
  return sizes == entries.end() ? without_the_leaf : sizes->eax & 0xFF;
}

bool host_has_gigabyte_pages() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) != 0 &&
         (edx & extended_edx_gigabyte_pages) != 0;
}

}  // namespace platform::kvm::x86_64
