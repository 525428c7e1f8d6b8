#include "platform/kvm/x86_64/cpuid.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

using platform::kvm::x86_64::CpuidFacts;
using platform::kvm::x86_64::guest_cpuid;

namespace {

using Entries = std::vector<kvm_cpuid_entry2>;

kvm_cpuid_entry2 leaf(std::uint32_t function, std::uint32_t eax = 0, std::uint32_t ebx = 0,
                      std::uint32_t ecx = 0, std::uint32_t edx = 0, std::uint32_t index = 0) {
  kvm_cpuid_entry2 entry{};
  entry.function = function;
  entry.index = index;
  entry.eax = eax;
  entry.ebx = ebx;
  entry.ecx = ecx;
  entry.edx = edx;
  return entry;
}

/// A host with everything on that a guest must not see unchanged.
Entries host() {
  constexpr std::uint32_t all = 0xFFFFFFFF;
  return {leaf(0, 0x10),
          leaf(1, 0x800F12, all, all, all),
          leaf(4, 0xFC004121, 0, 63),
          leaf(4, 0xFC01C163, 0, 4095, 0, 3),
          leaf(7, 0, 0, 0, 0),
          leaf(0xB),
          leaf(0x12, all, all, all, all),
          leaf(0x40000000, 0x40000001),
          leaf(0x40000001, 0xFF),
          leaf(0x80000001, 0, 0, all, 0),
          leaf(0x80000008, 0x3030, 1u << 28, 0x7007),
          leaf(0x8000000A, 1),
          leaf(0x8000001D, 0x1C163, 0, 0, 0, 3),
          leaf(0x8000001E, 9, 9, 9)};
}

kvm_cpuid_entry2 at(const Entries& entries, std::uint32_t function, std::uint32_t index = 0) {
  const auto found = std::ranges::find_if(entries, [=](const kvm_cpuid_entry2& entry) {
    return entry.function == function && entry.index == index;
  });
  REQUIRE(found != entries.end());
  return *found;
}

bool has(const Entries& entries, std::uint32_t function) {
  return std::ranges::any_of(entries,
                             [=](const auto& entry) { return entry.function == function; });
}

constexpr CpuidFacts one_cpu{
    .apic_id = 0, .processors = 1, .tsc_khz = 2'445'404, .tsc_deadline_timer = true};

}  // namespace

TEST_CASE("cpuid: nested virtualisation is not offered", "[platform][cpuid]") {
  const auto entries = guest_cpuid(host(), one_cpu);
  CHECK((at(entries, 1).ecx & 1u << 5) == 0);           // VMX
  CHECK((at(entries, 0x80000001).ecx & 1u << 2) == 0);  // SVM
  CHECK_FALSE(has(entries, 0x8000000A));
}

TEST_CASE("cpuid: hypervisor, x2APIC and the TSC deadline timer are", "[platform][cpuid]") {
  const auto entries = guest_cpuid(host(), one_cpu);
  CHECK((at(entries, 1).ecx & 1u << 31) != 0);
  CHECK((at(entries, 1).ecx & 1u << 21) != 0);
  CHECK((at(entries, 1).ecx & 1u << 24) != 0);
  CpuidFacts without = one_cpu;
  without.tsc_deadline_timer = false;
  CHECK((at(guest_cpuid(host(), without), 1).ecx & 1u << 24) == 0);
}

TEST_CASE("cpuid: a single processor has no hyper-threading flag", "[platform][cpuid]") {
  CHECK((at(guest_cpuid(host(), one_cpu), 1).edx & 1u << 28) == 0);
  CpuidFacts two = one_cpu;
  two.processors = 2;
  CHECK((at(guest_cpuid(host(), two), 1).edx & 1u << 28) != 0);
}

TEST_CASE("cpuid: every processor names itself in every topology leaf", "[platform][cpuid]") {
  for (const std::uint32_t count : {1u, 2u, 3u, 4u, 17u, 128u, 255u}) {
    for (const std::uint32_t id : {0u, count - 1}) {
      CpuidFacts facts = one_cpu;
      facts.processors = count;
      facts.apic_id = id;
      const auto entries = guest_cpuid(host(), facts);
      INFO("processor " << id << " of " << count);
      CHECK(at(entries, 1).ebx >> 24 == id);
      CHECK((at(entries, 1).ebx >> 16 & 0xFF) >= std::min(count, 255u));
      CHECK(at(entries, 0xB, 0).edx == id);
      CHECK(at(entries, 0xB, 0).eax == 0);
      CHECK(at(entries, 0xB, 0).ebx == 1);
      CHECK(at(entries, 0xB, 0).ecx == 0x100);
      CHECK(at(entries, 0xB, 1).edx == id);
      CHECK((1u << at(entries, 0xB, 1).eax) >= count);
      CHECK(at(entries, 0xB, 1).ebx == count);
      CHECK(at(entries, 0xB, 1).ecx == 0x201);
      CHECK(at(entries, 0xB, 2).ecx == 2);
      CHECK(at(entries, 0x8000001E).eax == id);
      CHECK((at(entries, 0x80000008).ecx & 0xFF) == count - 1);
      CHECK((at(entries, 0x80000008).ecx >> 12 & 0xF) == at(entries, 0xB, 1).eax);
    }
  }
}

TEST_CASE("cpuid: L1 belongs to a core and L3 to the socket", "[platform][cpuid]") {
  CpuidFacts facts = one_cpu;
  facts.processors = 4;
  const auto entries = guest_cpuid(host(), facts);
  CHECK((at(entries, 4, 0).eax >> 14 & 0xFFF) == 0);
  CHECK((at(entries, 4, 3).eax >> 14 & 0xFFF) == 3);
  CHECK(at(entries, 4, 0).eax >> 26 == 3);
  CHECK((at(entries, 0x8000001D, 3).eax >> 14 & 0xFFF) == 3);
  CHECK((at(entries, 4, 0).eax & 0x3FFF) == 0x0121);
}

TEST_CASE("cpuid: the frequency leaves give the TSC's rate back", "[platform][cpuid]") {
  for (const std::uint32_t khz : {1'000'000u, 1'999'999u, 2'445'404u, 2'899'999u, 3'600'001u}) {
    CpuidFacts facts = one_cpu;
    facts.tsc_khz = khz;
    const auto entries = guest_cpuid(host(), facts);
    const auto rates = at(entries, 0x15);
    REQUIRE(rates.eax != 0);
    // As native_calibrate_tsc computes it, in 32 bits.
    const std::uint32_t crystal_khz = rates.ecx / 1000;
    CHECK(std::uint64_t{crystal_khz} * rates.ebx <= 0xFFFFFFFF);
    const double computed = static_cast<double>(crystal_khz) * rates.ebx / rates.eax;
    CHECK(std::abs(computed / khz - 1) < 1e-6);
    CHECK(at(entries, 0x16).eax == khz / 1000);
    CHECK(at(entries, 0x40000010).eax == khz);
    CHECK(at(entries, 0x40000010).ebx == 1'000'000);
    CHECK(at(entries, 0x40000000).eax == 0x40000010);
    CHECK(at(entries, 0).eax == 0x16);
  }
}

TEST_CASE("cpuid: PSFD goes with the register it is a bit of, SGX goes whole",
          "[platform][cpuid]") {
  const auto entries = guest_cpuid(host(), one_cpu);
  CHECK((at(entries, 0x80000008).ebx & 1u << 28) == 0);
  CHECK(at(entries, 0x12).eax == 0);
  auto with_spec_ctrl = host();
  for (auto& entry : with_spec_ctrl) {
    if (entry.function == 7) entry.edx = 1u << 26;
  }
  CHECK((at(guest_cpuid(with_spec_ctrl, one_cpu), 0x80000008).ebx & 1u << 28) != 0);
}

TEST_CASE("cpuid: gigabyte pages come from the host, width from its sizes leaf",
          "[platform][cpuid]") {
  CpuidFacts facts = one_cpu;
  facts.gigabyte_pages = true;
  CHECK((at(guest_cpuid(host(), facts), 0x80000001).edx & 1u << 26) != 0);
  CHECK((at(guest_cpuid(host(), one_cpu), 0x80000001).edx & 1u << 26) == 0);
  CHECK(platform::kvm::x86_64::physical_address_bits(host()) == 0x30);
  CHECK(platform::kvm::x86_64::physical_address_bits({}) == 36);
}
