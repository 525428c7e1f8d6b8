#include "vmm/machine.hpp"

#include <chrono>

#include "runtime/finally.hpp"
#include "runtime/log.hpp"
#include "runtime/timer.hpp"
#include "vmm/address_map.hpp"
#include "vmm/boot_registers.hpp"

namespace vmm {
namespace {

using namespace std::chrono_literals;

/// How long the streams of a guest that was stopped, rather than ended, may take over its last
/// words.
constexpr auto stopped_drain_time = 200ms;

}  // namespace

loader::x86_64::LinuxBoot linux_boot(const MachineConfig& config, const BootFiles& files) {
  loader::x86_64::LinuxBoot boot;
  boot.kernel = files.kernel.image();
  boot.kernel_entry = config.kernel_entry;
  if (files.initrd) boot.initrd = files.initrd->image();
  boot.command_line = config.command_line;
  for (std::uint32_t i = 0; i < config.processors; ++i)
    boot.machine.processors.push_back({.apic_id = i});
  for (const platform::AddressRange range : address_map::ram(config.memory_bytes)) {
    boot.machine.memory.push_back({.range = range});
  }
  describe_devices(config, boot.machine);
  boot.identity = config.smbios;
  return boot;
}

Machine::Machine(const MachineConfig& config, const BootFiles& files,
                 std::unique_ptr<platform::Vm> vm, const Surroundings& surroundings)
    : timeline_{surroundings.timeline},
      vm_{std::move(vm)},
      memory_{address_map::ram(config.memory_bytes)},
      devices_{config,
               {.interrupts = vm_->interrupts(),
                .serial = surroundings.serial,
                .power = *this,
                .marks = surroundings.timeline,
                .executor = surroundings.executor}},
      ended_{surroundings.executor},
      vcpu_threads_{*this} {
  vm_->map(memory_);
  // The index of a CMOS register matters only once its data port is read or written.
  (void)vm_->coalesce_writes(address_map::rtc);
  timeline_.mark(BootEvent::MemoryReady);
  const loader::x86_64::LoadedLinux loaded =
      loader::x86_64::load_linux(linux_boot(config, files), memory_);
  timeline_.mark(BootEvent::KernelPlaced);
  create_vcpus(loaded, config);
  timeline_.mark(BootEvent::VcpusCreated);
}

void Machine::create_vcpus(const loader::x86_64::LoadedLinux& loaded, const MachineConfig& config) {
  const platform::x86_64::BootState boot = boot_state(loaded.entry);
  const platform::x86_64::CommonMsrs msrs =
      common_msrs(config.memory_bytes, vm_->physical_address_bits());
  for (std::uint32_t i = 0; i < config.processors; ++i) {
    vcpus_.push_back(vm_->create_vcpu(i, i == 0 ? &boot : nullptr, msrs));
  }
}

void Machine::handle(platform::VmExit& exit) {
  if (devices_.handle(exit)) return;
  if (std::holds_alternative<platform::TripleFault>(exit)) {
    end(vm_->all_interrupts_masked() ? Ending::Reset : Ending::Crash);
  } else if (const auto* unrunnable = std::get_if<platform::Unrunnable>(&exit)) {
    if (end(Ending::Crash)) {
      runtime::log::warning("the guest cannot go on: {} ({:#x})", unrunnable->reason,
                            unrunnable->detail);
    }
  }
}

void Machine::failed(std::exception_ptr failure) {
  {
    const std::lock_guard lock{ending_mutex_};
    if (ending_) return;  // what befalls a vCPU that is being stopped changes nothing
    failure_ = failure;
  }
  stop();
}

bool Machine::end(Ending ending) {
  // Before anything else: the caller's own vCPU must not enter the guest again, first or not.
  vcpu_threads_.request_stop();
  {
    const std::lock_guard lock{ending_mutex_};
    if (ending_) return false;
    ending_ = ending;
  }
  timeline_.mark(BootEvent::GuestEnd);
  ended_.notify();
  return true;
}

void Machine::stop() {
  stop_requested_ = true;
  (void)end(Ending::Stopped);
  ended_.notify();
}

bool Machine::has_ended() {
  const std::lock_guard lock{ending_mutex_};
  return ending_.has_value();
}

runtime::Task<Ending> Machine::run() {
  co_await runtime::with_scope([this](runtime::Scope& tasks) { return run_with(tasks); });
  if (failure_) std::rethrow_exception(failure_);
  co_return ending_.value_or(Ending::Stopped);
}

runtime::Task<> Machine::run_with(runtime::Scope& device_tasks) {
  const runtime::Finally stop_vcpus{[this] {
    vcpu_threads_.stop();
    close_timeline();
  }};
  devices_.run(device_tasks);
  vcpu_threads_.start(vcpus_, timeline_);
  while (!has_ended()) co_await ended_.wait();
  vcpu_threads_.stop();
  co_await runtime::with_scope([this](runtime::Scope& tasks) { return drain(tasks); });
  device_tasks.request_stop();
}

runtime::Task<> Machine::drain(runtime::Scope& tasks) {
  tasks.spawn(cut_drain_short(tasks));
  co_await devices_.drain();
  tasks.request_stop();
}

runtime::Task<> Machine::cut_drain_short(runtime::Scope& tasks) {
  while (!stop_requested_) co_await ended_.wait();
  co_await runtime::sleep_for(stopped_drain_time);
  tasks.request_stop();
}

void Machine::close_timeline() {
  timeline_.add(vcpu_threads_.exits());
  timeline_.add_console_bytes(devices_.console_bytes());
  if (const auto at = devices_.first_console_byte_at())
    timeline_.mark(BootEvent::FirstConsoleByte, *at);
}

}  // namespace vmm
