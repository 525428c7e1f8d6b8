#include "platform/kvm/vcpu.hpp"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "runtime/error.hpp"

namespace platform::kvm {
namespace {

/// Interrupts KVM_RUN. What it means is in kvm_run::immediate_exit, so the handler has nothing to
/// do.
int kick_signal() {
  return SIGRTMIN;
}

/// SYSTEM_RESET2 instead of SYSTEM_RESET: KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2, which only
/// AArch64's <asm/kvm.h> has. Elsewhere no flag is ever set.
bool warm_reset(const kvm_run& run) {
  constexpr std::uint64_t psci_reset2 = 1;
  return run.system_event.ndata > 0 && (run.system_event.data[0] & psci_reset2) != 0;
}

void install_kick_handler() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  action.sa_flags = SA_RESTART;
  runtime::check(::sigaction(kick_signal(), &action, nullptr), "install the vCPU kick handler");
}

}  // namespace

/// While it lives, kick() may signal the thread that made it.
class Vcpu::Running {
 public:
  explicit Running(Vcpu& vcpu) : vcpu_{vcpu} {
    sigset_t kick;
    ::sigemptyset(&kick);
    ::sigaddset(&kick, kick_signal());
    ::pthread_sigmask(SIG_UNBLOCK, &kick, nullptr);  // whoever started us may have blocked it
    const std::lock_guard lock{vcpu_.thread_mutex_};
    vcpu_.thread_ = ::pthread_self();
  }
  ~Running() {
    const std::lock_guard lock{vcpu_.thread_mutex_};
    vcpu_.thread_.reset();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  Vcpu& vcpu_;
};

Vcpu::Vcpu(runtime::UniqueFd vcpu, std::size_t mapping_bytes, CoalescedWrites& coalesced)
    : vcpu_{std::move(vcpu)},
      mapping_{runtime::Mapping::file(vcpu_.get(), 0, mapping_bytes, PROT_READ | PROT_WRITE,
                                      MAP_SHARED)},
      coalesced_{coalesced} {
  install_kick_handler();
}

CoalescedRing* Vcpu::coalesced_ring(int page) const {
  const auto page_bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return reinterpret_cast<CoalescedRing*>(mapping_.data() +
                                          static_cast<std::size_t>(page) * page_bytes);
}

void Vcpu::kick() noexcept {
  // Before KVM_RUN looks at it this byte ends the entry at once; a KVM_RUN already in the guest is
  // brought out by the signal. It stays set until run() has seen it, so no kick is lost between.
  std::atomic_ref{shared().immediate_exit}.store(1, std::memory_order_seq_cst);
  const std::lock_guard lock{thread_mutex_};
  if (thread_) ::pthread_kill(*thread_, kick_signal());
}

runtime::Generator<VmExit&> Vcpu::run() {
  const Running running{*this};
  for (;;) {
    const bool entered = enter();
    if (coalesced_.any()) {
      const std::lock_guard lock{coalesced_.mutex()};
      while (kvm_coalesced_mmio* write = coalesced_.front()) {
        VmExit late = PortWrite{.port = {static_cast<std::uint16_t>(write->phys_addr)},
                                .width_bytes = static_cast<std::uint8_t>(write->len),
                                .data = std::as_bytes(std::span{write->data}.first(write->len)),
                                .late = true};
        co_yield late;
        coalesced_.pop();
      }
    }
    if (entered) {
      VmExit happened = exit();
      co_yield happened;
    } else if (std::atomic_ref{shared().immediate_exit}.exchange(0, std::memory_order_seq_cst) !=
               0) {
      VmExit kicked = Kicked{};
      co_yield kicked;
    }
  }
}

bool Vcpu::enter() {
  if (::ioctl(vcpu_.get(), KVM_RUN, 0) == 0) return true;
  // EAGAIN: a processor waiting for its start-up message was woken; it is simply run again.
  if (errno == EINTR || errno == EAGAIN) return false;
  throw runtime::HostError{errno, "run a vCPU"};
}

VmExit Vcpu::exit() const {
  const kvm_run& run = shared();
  switch (run.exit_reason) {
    case KVM_EXIT_IO:
      return port_exit();
    case KVM_EXIT_MMIO:
      return mmio_exit();
    case KVM_EXIT_SHUTDOWN:
      return TripleFault{};
    case KVM_EXIT_SYSTEM_EVENT:
      return system_event();
    case KVM_EXIT_ARM_NISV:
      return Unrunnable{"KVM could not decode an access to memory that is not there",
                        run.arm_nisv.fault_ipa};
    case KVM_EXIT_INTR:
      return Kicked{};
    case KVM_EXIT_FAIL_ENTRY:
      return Unrunnable{"the processor refused its state",
                        run.fail_entry.hardware_entry_failure_reason};
    case KVM_EXIT_INTERNAL_ERROR:
      return Unrunnable{"KVM could not emulate it", run.internal.suberror};
    default:
      return Unrunnable{"an exit this back end does not know", run.exit_reason};
  }
}

VmExit Vcpu::system_event() const {
  using Kind = SystemEvent::Kind;
  switch (shared().system_event.type) {
    case KVM_SYSTEM_EVENT_SHUTDOWN:
      return SystemEvent{Kind::PowerOff};
    case KVM_SYSTEM_EVENT_RESET:
      return SystemEvent{warm_reset(shared()) ? Kind::WarmReset : Kind::Reset};
    case KVM_SYSTEM_EVENT_CRASH:
      return SystemEvent{Kind::Crash};
    default:
      return Unrunnable{"a system event this back end does not know", shared().system_event.type};
  }
}

VmExit Vcpu::port_exit() const {
  const kvm_run& run = shared();
  const std::span data{mapping_.data() + run.io.data_offset,
                       std::size_t{run.io.size} * run.io.count};
  if (run.io.direction == KVM_EXIT_IO_IN) return PortRead{{run.io.port}, run.io.size, data};
  return PortWrite{{run.io.port}, run.io.size, data};
}

VmExit Vcpu::mmio_exit() const {
  kvm_run& run = shared();
  const GuestAddress address{run.mmio.phys_addr};
  const std::span data = std::span{run.mmio.data}.first(run.mmio.len);
  if (run.mmio.is_write != 0) return MmioWrite{address, std::as_bytes(data)};
  return MmioRead{address, std::as_writable_bytes(data)};
}

}  // namespace platform::kvm
