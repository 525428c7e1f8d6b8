#include "vmm/x86_64/registers.hpp"

#include "loader/x86_64/mtrr.hpp"
#include "vmm/x86_64/address_map.hpp"

namespace vmm::x86_64 {
namespace {

using platform::x86_64::BootState;
using platform::x86_64::Segment;

constexpr std::uint64_t cr0_pe = 1u << 0;
constexpr std::uint64_t cr0_et = 1u << 4;
constexpr std::uint64_t cr0_pg = 1u << 31;
constexpr std::uint64_t cr4_pae = 1u << 5;
constexpr std::uint64_t efer_sce = 1u << 0;
constexpr std::uint64_t efer_lme = 1u << 8;
constexpr std::uint64_t efer_lma = 1u << 10;
constexpr std::uint64_t efer_nxe = 1u << 11;

// The loader's GDT: 0x08 code, 0x10 data, 0x18 TSS.
constexpr std::uint32_t flat = 0xFFFFFFFF;
constexpr Segment code_64{.selector = 0x08, .attributes = 0xA09B, .limit_bytes = flat};
constexpr Segment code_32{.selector = 0x08, .attributes = 0xC09B, .limit_bytes = flat};
constexpr Segment data{.selector = 0x10, .attributes = 0xC093, .limit_bytes = flat};
constexpr Segment tss_32{.selector = 0x18, .attributes = 0x008B, .limit_bytes = 0x67};

constexpr std::uint32_t pat_msr = 0x277;
constexpr std::uint64_t pat_at_reset = 0x0007'0406'0007'0406;

BootState linux_64(const loader::x86_64::BootEntry& entry) {
  BootState state;
  state.rip = entry.instruction.value;
  state.rsi = entry.parameters.value;
  state.cr0 = cr0_pe | cr0_et | cr0_pg;
  state.cr3 = entry.page_tables.value;
  state.cr4 = cr4_pae;
  state.efer = efer_sce | efer_lme | efer_lma | efer_nxe;
  state.cs = code_64;
  state.data = data;
  return state;
}

BootState pvh_32(const loader::x86_64::BootEntry& entry) {
  BootState state;
  state.rip = entry.instruction.value;
  state.rbx = entry.parameters.value;
  state.cr0 = cr0_pe | cr0_et;
  state.cs = code_32;
  state.data = data;
  state.tr = tss_32;
  return state;
}

}  // namespace

BootState boot_state(const loader::x86_64::BootEntry& entry) {
  BootState state =
      entry.protocol == loader::x86_64::BootProtocol::Pvh32 ? pvh_32(entry) : linux_64(entry);
  state.gdt_base = entry.gdt.value;
  state.gdt_limit = entry.gdt_limit;
  return state;
}

platform::x86_64::CommonMsrs common_msrs(std::uint64_t memory_bytes,
                                         unsigned physical_address_bits) {
  platform::x86_64::CommonMsrs msrs{{.index = pat_msr, .value = pat_at_reset}};
  const loader::x86_64::MtrrLayout layout{.ram_end = address_map::ram(memory_bytes).back().end(),
                                          .low_mmio = address_map::low_mmio,
                                          .high_mmio = std::nullopt,
                                          .physical_address_bits = physical_address_bits};
  for (const loader::x86_64::MsrValue msr : loader::x86_64::mtrrs(layout))
    msrs.push_back({msr.index, msr.value});
  return msrs;
}

}  // namespace vmm::x86_64
