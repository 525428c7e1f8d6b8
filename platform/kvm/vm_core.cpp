#include "platform/kvm/vm_core.hpp"

#include <sys/ioctl.h>

#include <cerrno>

#include "runtime/error.hpp"

namespace platform::kvm {
namespace {

/// KVM takes all locks of this process's memory map, and gives up with EINTR if anything is pending
/// for the thread: a signal, or an io_uring completion.
int create_vm(const System& system, unsigned long machine_type) {
  return runtime::retry_interrupted(
      [&] { return ::ioctl(system.descriptor(), KVM_CREATE_VM, machine_type); });
}

kvm_userspace_memory_region memory_slot(std::uint32_t number, AddressRange guest,
                                        const std::byte* host) noexcept {
  kvm_userspace_memory_region slot{};
  slot.slot = number;
  slot.guest_phys_addr = guest.start.value;
  slot.memory_size = guest.size_bytes;
  slot.userspace_addr = reinterpret_cast<std::uintptr_t>(host);
  return slot;
}

kvm_ioeventfd ioeventfd(const Doorbell& doorbell, const runtime::Event& event) noexcept {
  kvm_ioeventfd request{};
  request.len = doorbell.size_bytes;
  request.fd = event.native_handle();
  if (const Port* port = std::get_if<Port>(&doorbell.place)) {
    request.addr = port->value;
    request.flags |= KVM_IOEVENTFD_FLAG_PIO;
  } else if (const auto* address = std::get_if<GuestAddress>(&doorbell.place)) {
    request.addr = address->value;
  }
  if (doorbell.value) {
    request.datamatch = *doorbell.value;
    request.flags |= KVM_IOEVENTFD_FLAG_DATAMATCH;
  }
  return request;
}

}  // namespace

VmCore::VmCore(const System& system, std::uint32_t processors, unsigned long machine_type)
    : system_{system},
      processors_{processors},
      vm_{runtime::check(create_vm(system, machine_type), "create a KVM VM")} {
  if (processors > system.max_vcpus()) {
    throw runtime::HostError{EINVAL, "give the VM {} processors: this host's KVM allows {}",
                             processors, system.max_vcpus()};
  }
}

void VmCore::map(const GuestMemory& memory) {
  for (const GuestMemory::Region& region : memory.regions()) {
    const std::uint32_t number = slots_.with([](Slots& slots) { return slots.next++; });
    kvm_userspace_memory_region slot = memory_slot(number, region.guest, region.host);
    runtime::check(::ioctl(vm_.get(), KVM_SET_USER_MEMORY_REGION, &slot),
                   "give KVM guest memory [{:#x}, {:#x})", region.guest.start.value,
                   region.guest.end().value);
  }
}

void VmCore::ring(const Doorbell& doorbell, runtime::Event& event) {
  kvm_ioeventfd request = ioeventfd(doorbell, event);
  runtime::check(::ioctl(vm_.get(), KVM_IOEVENTFD, &request), "put a doorbell at {:#x}",
                 std::uint64_t{request.addr});
}

bool VmCore::try_ring(const Doorbell& doorbell, runtime::Event& event) noexcept {
  kvm_ioeventfd request = ioeventfd(doorbell, event);
  return ::ioctl(vm_.get(), KVM_IOEVENTFD, &request) == 0;
}

void VmCore::unring(const Doorbell& doorbell, runtime::Event& event) noexcept {
  kvm_ioeventfd request = ioeventfd(doorbell, event);
  request.flags |= KVM_IOEVENTFD_FLAG_DEASSIGN;
  (void)::ioctl(vm_.get(), KVM_IOEVENTFD, &request);
}

// KVM refuses what it cannot do: without KVM_CAP_READONLY_MEM, or where the host's pages are
// larger.
bool VmCore::try_show(GuestAddress place, const RegisterPage& page) noexcept {
  return slots_.with([&](Slots& slots) {
    kvm_userspace_memory_region slot =
        memory_slot(slots.next, {place, page.bytes.size()}, page.bytes.data());
    slot.flags = KVM_MEM_READONLY;
    if (::ioctl(vm_.get(), KVM_SET_USER_MEMORY_REGION, &slot) != 0) return false;
    slots.shown.emplace(place, slots.next++);
    return true;
  });
}

void VmCore::hide(GuestAddress place) noexcept {
  slots_.with([&](Slots& slots) {
    const auto shown = slots.shown.find(place);
    if (shown == slots.shown.end()) return;
    kvm_userspace_memory_region slot = memory_slot(shown->second, {place, 0}, nullptr);
    if (::ioctl(vm_.get(), KVM_SET_USER_MEMORY_REGION, &slot) == 0) slots.shown.erase(shown);
  });
}

void VmCore::interrupt_from(int eventfd, std::uint32_t pin) {
  kvm_irqfd request{};
  request.fd = static_cast<std::uint32_t>(eventfd);
  request.gsi = pin;
  runtime::check(::ioctl(vm_.get(), KVM_IRQFD, &request), "wire an eventfd to interrupt pin {}",
                 pin);
}

void VmCore::set_line(std::uint32_t line, bool asserted) noexcept {
  kvm_irq_level level{};
  level.irq = line;
  level.level = asserted ? 1 : 0;
  if (::ioctl(vm_.get(), KVM_IRQ_LINE, &level) != 0) {
    runtime::log::guest(line_failures_, "cannot set interrupt line {:#x}: errno {}", line, errno);
  }
}

// What becomes of it is the guest's affair: it chose where the message goes, and whether anything
// there takes it.
void VmCore::send(const Message& message, std::optional<std::uint32_t> device_id) noexcept {
  kvm_msi request{};
  request.address_lo = static_cast<std::uint32_t>(message.address.value);
  request.address_hi = static_cast<std::uint32_t>(message.address.value >> 32);
  request.data = message.data;
  if (device_id) {
    request.flags = KVM_MSI_VALID_DEVID;
    request.devid = *device_id;
  }
  (void)::ioctl(vm_.get(), KVM_SIGNAL_MSI, &request);
}

bool VmCore::coalesce_writes(Port port) {
  if (system_.capability(KVM_CAP_COALESCED_PIO) == 0) return false;
  kvm_coalesced_mmio_zone zone{};
  zone.addr = port.value;
  zone.size = 1;
  zone.pio = 1;
  return ::ioctl(vm_.get(), KVM_REGISTER_COALESCED_MMIO, &zone) == 0;
}

std::unique_ptr<Vcpu> VmCore::create_vcpu(std::uint32_t index) {
  runtime::UniqueFd descriptor{
      runtime::check(::ioctl(vm_.get(), KVM_CREATE_VCPU, index), "create vCPU {}", index)};
  auto vcpu =
      std::make_unique<Vcpu>(std::move(descriptor), system_.vcpu_mapping_bytes(), coalesced_);
  if (const int page = system_.capability(KVM_CAP_COALESCED_MMIO); index == 0 && page != 0) {
    coalesced_.use(vcpu->coalesced_ring(page));
  }
  return vcpu;
}

}  // namespace platform::kvm
