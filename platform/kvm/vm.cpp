#include "platform/kvm/vm.hpp"

#include <sys/ioctl.h>

#include "platform/kvm/vcpu.hpp"
#include "platform/kvm/x86_64/setup.hpp"
#include "runtime/error.hpp"
#include "runtime/log.hpp"

namespace platform::kvm {

Vm::Vm(const System& system, ProcessorTopology topology)
    : system_{system},
      topology_{topology},
      vm_{runtime::check(::ioctl(system.descriptor(), KVM_CREATE_VM, 0), "create a KVM VM")} {
  if (topology.count > system.max_vcpus()) {
    throw runtime::HostError{EINVAL, "give the VM {} processors: this host's KVM allows {}",
                             topology.count, system.max_vcpus()};
  }
  x86_64::set_up_interrupt_controllers(vm_.get());
}

unsigned Vm::physical_address_bits() {
  return x86_64::physical_address_bits(host_cpuid());
}

void Vm::map(const GuestMemory& memory) {
  for (const GuestMemory::Region& region : memory.regions()) {
    kvm_userspace_memory_region slot{};
    slot.slot = next_slot_++;
    slot.guest_phys_addr = region.guest.start.value;
    slot.memory_size = region.guest.size_bytes;
    slot.userspace_addr = reinterpret_cast<std::uintptr_t>(region.host);
    runtime::check(::ioctl(vm_.get(), KVM_SET_USER_MEMORY_REGION, &slot),
                   "give KVM guest memory [{:#x}, {:#x})", region.guest.start.value,
                   region.guest.end().value);
  }
}

const std::vector<kvm_cpuid_entry2>& Vm::host_cpuid() {
  if (host_cpuid_.empty()) host_cpuid_ = x86_64::supported_cpuid(system_.descriptor());
  return host_cpuid_;
}

std::unique_ptr<platform::Vcpu> Vm::create_vcpu(std::uint32_t index,
                                                const platform::x86_64::BootState* boot,
                                                const platform::x86_64::CommonMsrs& msrs) {
  runtime::UniqueFd descriptor{
      runtime::check(::ioctl(vm_.get(), KVM_CREATE_VCPU, index), "create vCPU {}", index)};
  x86_64::set_up_vcpu(descriptor.get(),
                      {.index = index,
                       .processors = topology_.count,
                       .host_cpuid = host_cpuid(),
                       .tsc_deadline_timer = system_.capability(KVM_CAP_TSC_DEADLINE_TIMER) != 0,
                       .boot = boot,
                       .msrs = msrs});
  auto vcpu =
      std::make_unique<Vcpu>(std::move(descriptor), system_.vcpu_mapping_bytes(), coalesced_);
  if (const int page = system_.capability(KVM_CAP_COALESCED_MMIO); index == 0 && page != 0) {
    coalesced_.use(vcpu->coalesced_ring(page));
  }
  return vcpu;
}

void Vm::set_level(Gsi pin, bool asserted) noexcept {
  kvm_irq_level level{};
  level.irq = pin.value;
  level.level = asserted ? 1 : 0;
  if (::ioctl(vm_.get(), KVM_IRQ_LINE, &level) != 0) {
    runtime::log::guest(line_failures_, "cannot set interrupt {}: errno {}", pin.value, errno);
  }
}

bool Vm::all_interrupts_masked() {
  return x86_64::all_pins_masked(vm_.get());
}

void Vm::ring(const Doorbell& doorbell, runtime::Event& event) {
  kvm_ioeventfd request{};
  request.len = doorbell.size_bytes;
  request.fd = event.native_handle();
  if (const Port* port = std::get_if<Port>(&doorbell.place)) {
    request.addr = port->value;
    request.flags |= KVM_IOEVENTFD_FLAG_PIO;
  } else {
    request.addr = std::get<GuestAddress>(doorbell.place).value;
  }
  if (doorbell.value) {
    request.datamatch = *doorbell.value;
    request.flags |= KVM_IOEVENTFD_FLAG_DATAMATCH;
  }
  runtime::check(::ioctl(vm_.get(), KVM_IOEVENTFD, &request), "put a doorbell at {:#x}",
                 std::uint64_t{request.addr});
}

void Vm::interrupt_from(int eventfd, Gsi pin) {
  kvm_irqfd request{};
  request.fd = static_cast<std::uint32_t>(eventfd);
  request.gsi = pin.value;
  runtime::check(::ioctl(vm_.get(), KVM_IRQFD, &request), "wire an eventfd to interrupt {}",
                 pin.value);
}

bool Vm::coalesce_writes(Port port) {
  if (system_.capability(KVM_CAP_COALESCED_PIO) == 0) return false;
  kvm_coalesced_mmio_zone zone{};
  zone.addr = port.value;
  zone.size = 1;
  zone.pio = 1;
  return ::ioctl(vm_.get(), KVM_REGISTER_COALESCED_MMIO, &zone) == 0;
}

}  // namespace platform::kvm
