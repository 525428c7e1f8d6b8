#include "platform/kvm/x86_64/setup.hpp"

#include <sys/ioctl.h>

#include <algorithm>
#include <array>

#include "runtime/error.hpp"

namespace platform::kvm::x86_64 {
namespace {

/// The kernel's tables are a count and that many entries. Its own header cannot be used from C++:
/// there the empty struct inside __DECLARE_FLEX_ARRAY has a size, which moves the entries and,
/// with sizeof, changes the ioctl numbers.
struct TableHeader {
  std::uint32_t count = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(TableHeader) == 8);

template <typename Entry, std::size_t Capacity>
struct Table {
  TableHeader header;
  std::array<Entry, Capacity> entries{};
};

constexpr std::size_t max_cpuid_entries = 256;
constexpr std::size_t max_msrs = 64;
using CpuidTable = Table<kvm_cpuid_entry2, max_cpuid_entries>;
using MsrTable = Table<kvm_msr_entry, max_msrs>;

constexpr unsigned long get_supported_cpuid = _IOWR(KVMIO, 0x05, TableHeader);
constexpr unsigned long set_cpuid2 = _IOW(KVMIO, 0x90, TableHeader);
constexpr unsigned long kvm_set_msrs = _IOW(KVMIO, 0x89, TableHeader);

kvm_segment segment(const platform::x86_64::Segment& from) {
  kvm_segment to{};
  to.base = from.base;
  to.limit = from.limit_bytes;
  to.selector = from.selector;
  const auto bits = [&](unsigned shift, unsigned mask) {
    return static_cast<std::uint8_t>(from.attributes >> shift & mask);
  };
  to.type = bits(0, 0xF);
  to.s = bits(4, 1);
  to.dpl = bits(5, 3);
  to.present = bits(7, 1);
  to.avl = bits(12, 1);
  to.l = bits(13, 1);
  to.db = bits(14, 1);
  to.g = bits(15, 1);
  return to;
}

void set_registers(int vcpu, const platform::x86_64::BootState& boot) {
  kvm_sregs special{};
  runtime::check(::ioctl(vcpu, KVM_GET_SREGS, &special), "read the boot vCPU's system registers");
  special.cs = segment(boot.cs);
  special.ds = special.es = special.fs = special.gs = special.ss = segment(boot.data);
  if (boot.tr != platform::x86_64::Segment{}) special.tr = segment(boot.tr);
  special.gdt.base = boot.gdt_base;
  special.gdt.limit = boot.gdt_limit;
  special.cr0 = boot.cr0;
  special.cr3 = boot.cr3;
  special.cr4 = boot.cr4;
  special.efer = boot.efer;
  runtime::check(::ioctl(vcpu, KVM_SET_SREGS, &special), "set the boot vCPU's system registers");

  kvm_regs general{};
  general.rip = boot.rip;
  general.rbx = boot.rbx;
  general.rsi = boot.rsi;
  general.rsp = boot.rsp;
  general.rflags = boot.rflags;
  runtime::check(::ioctl(vcpu, KVM_SET_REGS, &general), "set the boot vCPU's registers");
}

void set_msrs(int vcpu, const platform::x86_64::CommonMsrs& msrs) {
  MsrTable table;
  std::uint32_t count = 0;
  for (const platform::x86_64::Msr msr : msrs) {
    if (count == max_msrs)
      throw runtime::HostError{E2BIG, "set {} model-specific registers", msrs.size()};
    table.entries[count++] = {.index = msr.index, .reserved = 0, .data = msr.value};
  }
  table.header.count = count;
  const int accepted =
      runtime::check(::ioctl(vcpu, kvm_set_msrs, &table), "set model-specific registers");
  if (static_cast<std::uint32_t>(accepted) != count) {
    throw runtime::HostError{EINVAL, "set model-specific register {:#x}",
                             msrs[static_cast<std::size_t>(accepted)].index};
  }
}

void set_cpuid(int vcpu, const std::vector<kvm_cpuid_entry2>& entries) {
  if (entries.size() > max_cpuid_entries) {
    throw runtime::HostError{E2BIG, "set {} CPUID entries", entries.size()};
  }
  CpuidTable table;
  table.header.count = static_cast<std::uint32_t>(entries.size());
  std::ranges::copy(entries, table.entries.begin());
  runtime::check(::ioctl(vcpu, set_cpuid2, &table), "set a vCPU's CPUID");
}

}  // namespace

void set_up_interrupt_controllers(int vm) {
  // On Intel hosts without unrestricted guests KVM needs three pages for a real-mode task state;
  // they must lie where the guest has neither RAM nor a device.
  constexpr unsigned long task_state_address = 0xFFFBD000;
  runtime::check(::ioctl(vm, KVM_SET_TSS_ADDR, task_state_address), "place KVM's task state");
  runtime::check(::ioctl(vm, KVM_CREATE_IRQCHIP, 0), "create KVM's interrupt controllers");
}

bool all_pins_masked(int vm) {
  kvm_irqchip chip{};
  chip.chip_id = KVM_IRQCHIP_IOAPIC;
  runtime::check(::ioctl(vm, KVM_GET_IRQCHIP, &chip), "read the I/O APIC");
  // 82093AA: after a reset every pin is masked as well, but nobody has selected one yet.
  constexpr std::uint32_t first_redirection_register = 0x10;
  const kvm_ioapic_state& io_apic = chip.chip.ioapic;
  return io_apic.ioregsel >= first_redirection_register &&
         std::ranges::all_of(io_apic.redirtbl,
                             [](const auto& entry) { return entry.fields.mask != 0; });
}

std::vector<kvm_cpuid_entry2> supported_cpuid(int kvm) {
  CpuidTable table;
  table.header.count = max_cpuid_entries;
  runtime::check(::ioctl(kvm, get_supported_cpuid, &table), "ask KVM for its CPUID");
  return {table.entries.begin(), table.entries.begin() + table.header.count};
}

void set_up_vcpu(int vcpu, const VcpuSetup& setup) {
  const int tsc_khz =
      runtime::check(::ioctl(vcpu, KVM_GET_TSC_KHZ, 0), "ask KVM for the TSC's rate");
  set_cpuid(vcpu, guest_cpuid(setup.host_cpuid, {.apic_id = setup.index,
                                                 .processors = setup.processors,
                                                 .tsc_khz = static_cast<std::uint32_t>(tsc_khz),
                                                 .tsc_deadline_timer = setup.tsc_deadline_timer,
                                                 .gigabyte_pages = host_has_gigabyte_pages()}));
  set_msrs(vcpu, setup.msrs);
  if (setup.boot != nullptr) set_registers(vcpu, *setup.boot);
}

}  // namespace platform::kvm::x86_64
