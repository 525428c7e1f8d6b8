// The KVM back end with guests of a few instructions: what only AArch64 has.
#include "platform/kvm/arm64/vm.hpp"

#include <sys/eventfd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "runtime/error.hpp"
#include "runtime/unique_fd.hpp"
#include "runtime/units.hpp"
#include "tests/platform/arm64/instructions.hpp"
#include "tests/platform/arm64/kvm_guest.hpp"
#include "vmm/vcpu_threads.hpp"

using namespace runtime::literals;
using namespace std::chrono_literals;
using a64::X;
using platform::GuestAddress;
using platform::GuestMemory;
using platform::MmioWrite;
using platform::SystemEvent;
using platform::VmExit;
using platform::arm64::Pmu;

namespace {

// PSCI (DEN 0022), 5.1: function identifiers of SMC64 calls, and of those that have no such form.
constexpr std::uint64_t system_off = 0x8400'0008, system_reset = 0x8400'0009,
                        system_reset2 = 0xC400'0012, cpu_on = 0xC400'0003;

// GIC (IHI 0069), 12.9: the registers for interrupts 32 to 63, or 32 to 47.
constexpr GuestAddress distributor{0xFFFF'0000};
constexpr GuestAddress pending = distributor + 0x204;  // GICD_ISPENDR1
constexpr GuestAddress trigger = distributor + 0xC08;  // GICD_ICFGR2

std::uint64_t written(const VmExit& exit) {
  const auto& write = std::get<MmioWrite>(exit);
  std::uint64_t value = 0;
  std::memcpy(&value, write.data.data(), write.data.size());
  return value;
}

}  // namespace

TEST_CASE("kvm: the boot processor begins with its argument, all exceptions masked",
          "[kvm][arm64]") {
  constexpr std::uint32_t mrs_x1_daif = 0xD53B'4221, mrs_x1_current_el = 0xD538'4241;
  KvmGuest guest{GuestCode{}
                     .add(a64::set(X{9}, KvmGuest::device.value))
                     .add(a64::store(X{0}, X{9}, 8))
                     .add(a64::word(mrs_x1_daif))
                     .add(a64::store(X{1}, X{9}, 8))
                     .add(a64::word(mrs_x1_current_el))
                     .add(a64::store(X{1}, X{9}, 8))
                     .spin()};
  arm64_vm(guest).set_boot_state({.pc = KvmGuest::code_address.value, .x0 = 0x0123'4567'89AB'CDEF});
  std::vector<std::uint64_t> said;
  for (VmExit& exit : guest.vcpu->run()) {
    said.push_back(written(exit));
    if (said.size() == 3) break;
  }
  CHECK(said == std::vector<std::uint64_t>{0x0123'4567'89AB'CDEF, 0x3C0, 1 << 2});
}

TEST_CASE("kvm: what a guest asks of PSCI is a system event", "[kvm][arm64]") {
  using Kind = SystemEvent::Kind;
  const auto [function, kind] =
      GENERATE(std::pair{system_off, Kind::PowerOff}, std::pair{system_reset, Kind::Reset},
               std::pair{system_reset2, Kind::WarmReset});
  KvmGuest guest{
      GuestCode{}.add(a64::set(X{0}, function)).add(a64::set(X{1}, 0)).add(a64::hvc()).spin()};
  for (VmExit& exit : guest.vcpu->run()) {
    REQUIRE(std::holds_alternative<SystemEvent>(exit));
    CHECK(std::get<SystemEvent>(exit).kind == kind);
    break;
  }
}

TEST_CASE("kvm: an access the processor cannot describe ends the guest, not the host",
          "[kvm][arm64]") {
  KvmGuest guest{
      GuestCode{}.add(a64::set(X{9}, KvmGuest::device.value)).add(a64::load_pair(X{9})).spin()};
  for (VmExit& exit : guest.vcpu->run()) {
    REQUIRE(std::holds_alternative<platform::Unrunnable>(exit));
    CHECK(std::get<platform::Unrunnable>(exit).detail == KvmGuest::device.value);
    break;
  }
}

TEST_CASE("kvm: a level reaches the interrupt controller, and leaves it again", "[kvm][arm64]") {
  GuestCode code;
  code.store(trigger, 4, 0);  // all level-triggered
  for (int i = 0; i < 3; ++i) code.copy(pending, KvmGuest::device, 4);
  KvmGuest guest{code.spin()};
  std::vector<std::uint64_t> seen;
  for (VmExit& exit : guest.vcpu->run()) {
    seen.push_back(written(exit));
    guest.vm->interrupts().set_level(KvmGuest::pin, seen.size() == 1);
    if (seen.size() == 3) break;
  }
  CHECK(seen == std::vector<std::uint64_t>{0, 1 << 5, 0});
}

TEST_CASE("kvm: an edge stays with the interrupt controller until it is taken", "[kvm][arm64]") {
  GuestCode code;
  code.store(trigger, 4, 1 << 11);  // interrupt 37: edge-triggered
  for (int i = 0; i < 2; ++i) code.copy(pending, KvmGuest::device, 4);
  KvmGuest guest{code.spin()};
  std::vector<std::uint64_t> seen;
  for (VmExit& exit : guest.vcpu->run()) {
    seen.push_back(written(exit));
    if (seen.size() == 2) break;
    guest.vm->interrupts().set_level(KvmGuest::pin, true);
    guest.vm->interrupts().set_level(KvmGuest::pin, false);
  }
  CHECK(seen == std::vector<std::uint64_t>{0, 1 << 5});
}

TEST_CASE("kvm: a message to the GICv2m frame is an edge on its interrupt", "[kvm][arm64]") {
  GuestCode code;
  code.store(trigger, 4, 1 << 11 | 1 << 13);  // interrupts 37 and 38: edge-triggered
  for (int i = 0; i < 3; ++i) code.copy(pending, KvmGuest::device, 4);
  KvmGuest guest{code.spin()};
  const auto send = [&](GuestAddress to, std::uint32_t data) {
    guest.vm->interrupts().send({.address = to, .data = data}, 8);
  };
  std::vector<std::uint64_t> seen;
  for (VmExit& exit : guest.vcpu->run()) {
    seen.push_back(written(exit));
    if (seen.size() == 1) {
      send(v2m_frame + 0x40, 36);
      send(v2m_frame + 0x40, 39);
      send(v2m_frame + 0x44, 37);
    } else if (seen.size() == 2) {
      send(v2m_frame + 0x40, 38);
    } else {
      break;
    }
  }
  CHECK(seen == std::vector<std::uint64_t>{0, 0, 1 << 6});
}

TEST_CASE("kvm: a write to an eventfd is an edge on its pin", "[kvm][arm64]") {
  const GuestCode look = GuestCode{}.copy(pending, KvmGuest::device, 4);
  KvmGuest guest{GuestCode{}.store(trigger, 4, 1 << 11).add(look).add(a64::back_over(look))};
  const runtime::UniqueFd eventfd{::eventfd(0, EFD_CLOEXEC)};
  REQUIRE(eventfd.get() >= 0);
  guest.vm->interrupt_from(eventfd.get(), KvmGuest::pin);
  REQUIRE(::eventfd_write(eventfd.get(), 1) == 0);
  // KVM may leave it to a thread of its own.
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  std::uint64_t seen = 0;
  for (VmExit& exit : guest.vcpu->run()) {
    seen = written(exit);
    if (seen != 0 || std::chrono::steady_clock::now() > deadline) break;
  }
  CHECK(seen == 1 << 5);
}

namespace {

/// Waits for as many writes as are expected.
class Writes final : public vmm::ExitHandler {
 public:
  void handle(VmExit& exit) override {
    const auto* write = std::get_if<MmioWrite>(&exit);
    if (write == nullptr) return;
    const std::lock_guard lock{mutex_};
    values_.at((write->address - KvmGuest::device) / 8) = written(exit);
    arrived_.notify_all();
  }
  void failed(std::exception_ptr) override {}

  std::array<std::uint64_t, 2> wait_for_both() {
    std::unique_lock lock{mutex_};
    arrived_.wait_for(lock, 10s, [this] { return values_[0] != unset && values_[1] != unset; });
    return values_;
  }

 private:
  static constexpr std::uint64_t unset = ~std::uint64_t{0};
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::array<std::uint64_t, 2> values_{unset, unset};
};

}  // namespace

TEST_CASE("kvm: the second processor is off until the first one turns it on", "[kvm][arm64]") {
  constexpr GuestAddress second_code{0x2000};
  const auto says = [](X what, std::uint64_t where) {
    return a64::set(X{9}, KvmGuest::device.value + where).add(a64::store(what, X{9}, 8)).spin();
  };
  GuestCode first;
  first.add(a64::set(X{0}, cpu_on)).add(a64::set(X{1}, platform::arm64::default_mpidr(1)));
  first.add(a64::set(X{2}, second_code.value)).add(a64::set(X{3}, 77)).add(a64::hvc());
  first.add(says(X{0}, 0));
  constexpr std::array ram{platform::AddressRange{{0}, 1_MiB}};
  platform::kvm::System system;
  GuestMemory memory{ram};
  REQUIRE(memory.write(KvmGuest::code_address, first.bytes()));
  REQUIRE(memory.write(second_code, says(X{0}, 8).bytes()));
  platform::kvm::arm64::Vm vm{system, 2, 32};
  vm.map(memory);
  std::vector<std::unique_ptr<platform::Vcpu>> vcpus;
  for (std::uint32_t i = 0; i < 2; ++i) vcpus.push_back(vm.create_vcpu(i, Pmu::Off));
  vm.create_interrupt_controller(interrupt_controller(vm));
  vm.set_boot_state({.pc = KvmGuest::code_address.value});
  Writes writes;
  vmm::Timeline timeline;
  vmm::VcpuThreads threads{writes};
  threads.start(vcpus, timeline);
  CHECK(writes.wait_for_both() == std::array<std::uint64_t, 2>{0, 77});
  threads.stop();
}

TEST_CASE("kvm: 17 processors have the names their tables are to give them", "[kvm][arm64]") {
  platform::kvm::System system;
  platform::kvm::arm64::Vm vm{system, 17, 32};
  if (!vm.features().gic_v3) SKIP("a GICv2 has eight processors at most");
  const Pmu pmu = vm.features().pmu ? Pmu::On : Pmu::Off;
  std::vector<std::unique_ptr<platform::Vcpu>> vcpus;
  for (std::uint32_t i = 0; i < 17; ++i) vcpus.push_back(vm.create_vcpu(i, pmu));
  for (std::uint32_t i = 0; i < 17; ++i) CHECK(vm.mpidr(i) == platform::arm64::default_mpidr(i));
  CHECK(vm.mpidr(16) == 0x100);
  auto config = interrupt_controller(vm);
  if (pmu == Pmu::On) config.pmu_gsiv = platform::Gsi{23};
  CHECK_NOTHROW(vm.create_interrupt_controller(config));
}

TEST_CASE("kvm: processors have pages of 4 KiB, and none of sizes there are not", "[kvm][arm64]") {
  KvmGuest guest{GuestCode{}.spin()};
  CHECK(arm64_vm(guest).has_pages_of(4_KiB));
  CHECK_FALSE(arm64_vm(guest).has_pages_of(8_KiB));
}

TEST_CASE("kvm: a machine with more addresses than the host's is refused in words",
          "[kvm][arm64]") {
  platform::kvm::System system;
  std::string failure;
  try {
    const platform::kvm::arm64::Vm vm{system, 1, 60};
  } catch (const runtime::HostError& error) {
    failure = error.what();
  }
  CHECK(failure.starts_with("make a VM with 60-bit addresses: this host has "));
  CHECK(failure.find('\n') == std::string::npos);
}

TEST_CASE("kvm: a VM has at least the addresses it was asked for", "[kvm][arm64]") {
  platform::kvm::System system;
  const int most = system.capability(KVM_CAP_ARM_VM_IPA_SIZE);
  if (most <= 0) SKIP("this host's VMs have one size");
  for (unsigned bits = 32; bits <= static_cast<unsigned>(most); ++bits) {
    platform::kvm::arm64::Vm vm{system, 1, bits};
    CHECK(vm.physical_address_bits() >= bits);
  }
}
