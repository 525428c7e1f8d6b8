// The KVM back end with AArch64 guests of a few instructions. Needs a /dev/kvm of an AArch64 host;
// run in the lab by tests/run.
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <thread>
#include <vector>

#include "platform/kvm/arm64/vm.hpp"
#include "platform/kvm/system.hpp"
#include "runtime/loop.hpp"
#include "runtime/timer.hpp"
#include "runtime/units.hpp"

using namespace runtime::literals;
using namespace std::chrono_literals;
using platform::GuestAddress;
using platform::GuestMemory;
using platform::Kicked;
using platform::MmioRead;
using platform::MmioWrite;
using platform::SystemEvent;
using platform::VmExit;

namespace {

constexpr GuestAddress code_address{0x4000'0000};
constexpr GuestAddress second_code_address{0x4000'1000};
constexpr GuestAddress device{0xD000'0000};  // nothing is there
constexpr std::array ram{platform::AddressRange{code_address, 2_MiB}};

using Code = std::initializer_list<std::uint32_t>;
constexpr std::uint32_t device_to_x1 = 0xD2BA'0001;  // mov x1, #0xD0000000
constexpr std::uint32_t stay = 0x1400'0000;          // b .

struct Guest {
  explicit Guest(Code code, std::uint32_t processors = 1) : vm{system, processors, 40} {
    put(code_address, code);
    vm.map(memory);
    for (std::uint32_t i = 0; i < processors; ++i) {
      vcpus.push_back(vm.create_vcpu(i, platform::arm64::Pmu::Off));
    }
    vm.create_interrupt_controller(
        {.gic_distributor_base = {0x800'0000},
         .gic_version = platform::arm64::GicV3{.gic_redistributors_base = {0x1000'0000}},
         .gic_msi = {},
         .pmu_gsiv = {}});
    vm.set_boot_state({.pc = code_address.value, .x0 = 0x1234});
  }

  void put(GuestAddress at, Code code) {
    const std::vector<std::uint32_t> words{code};
    REQUIRE(memory.write(at, std::as_bytes(std::span{words})));
  }

  platform::kvm::System system;
  GuestMemory memory{ram};
  platform::kvm::arm64::Vm vm;
  std::vector<std::unique_ptr<platform::Vcpu>> vcpus;
};

/// A write outside RAM, by value: the exit is gone when the vCPU runs again.
struct Written {
  std::uint64_t offset;
  std::size_t size_bytes;
  std::uint64_t value;
  friend bool operator==(const Written&, const Written&) = default;
};

Written written(const VmExit& exit) {
  const auto& write = std::get<MmioWrite>(exit);
  std::uint64_t value = 0;
  std::memcpy(&value, write.data.data(), write.data.size());
  return {write.address.value - device.value, write.data.size(), value};
}

/// Its next write; every read on the way is answered with `answer` in each byte.
Written next_write(platform::Vcpu& vcpu, std::byte answer = {}) {
  for (VmExit& exit : vcpu.run()) {
    auto* read = std::get_if<MmioRead>(&exit);
    if (read == nullptr) return written(exit);
    for (std::byte& byte : read->data) byte = answer;
  }
  FAIL("the vCPU stopped by itself");
  return {};
}

SystemEvent::Kind first_event(platform::Vcpu& vcpu) {
  for (VmExit& exit : vcpu.run()) return std::get<SystemEvent>(exit).kind;
  FAIL("the vCPU stopped by itself");
  return {};
}

}  // namespace

TEST_CASE("kvm arm64: the first processor begins at EL1 with what it was given", "[kvm]") {
  Guest guest{device_to_x1,
              0xF900'0020,  // str x0, [x1]
              0xD538'4242,  // mrs x2, CurrentEL
              0xF900'0422,  // str x2, [x1, #8]
              stay};
  CHECK(next_write(*guest.vcpus[0]) == Written{0, 8, 0x1234});
  CHECK(next_write(*guest.vcpus[0]) == Written{8, 8, 1 << 2});
}

TEST_CASE("kvm arm64: accesses outside RAM arrive with their bytes, in every width", "[kvm]") {
  Guest guest{device_to_x1,
              0x5280'0822,  // mov w2, #0x41
              0x3900'0022,  // strb w2, [x1]
              0x528A'CF02,  // mov w2, #0x5678
              0x72A2'4682,  // movk w2, #0x1234, lsl #16
              0xB900'0422,  // str w2, [x1, #4]
              0xF940'0423,  // ldr x3, [x1, #8]
              0xF900'0823,  // str x3, [x1, #16]
              stay};
  auto& vcpu = *guest.vcpus[0];
  CHECK(next_write(vcpu) == Written{0, 1, 0x41});
  CHECK(next_write(vcpu) == Written{4, 4, 0x1234'5678});
  CHECK(next_write(vcpu, std::byte{0x5A}) == Written{16, 8, 0x5A5A'5A5A'5A5A'5A5A});
}

TEST_CASE("kvm arm64: PSCI powers off and resets", "[kvm]") {
  const auto calls = [](std::uint32_t function_low) {
    Guest guest{0x52B0'8000,                        // mov w0, #0x84000000
                0x7280'0000 | (function_low << 5),  // movk w0, #function_low
                0xD400'0002,                        // hvc #0
                stay};
    return first_event(*guest.vcpus[0]);
  };
  CHECK(calls(8) == SystemEvent::Kind::PowerOff);
  CHECK(calls(9) == SystemEvent::Kind::Reset);
}

TEST_CASE("kvm arm64: the guest turns another processor on", "[kvm]") {
  Guest guest({0xD2B8'8000,  // mov x0, #0xC4000000
               0xF280'0060,  // movk x0, #3: CPU_ON
               0xD280'0021,  // mov x1, #1: MPIDR_EL1
               0xD2A8'0002,  // mov x2, #0x40000000
               0x9140'0442,  // add x2, x2, #0x1000: its first instruction
               0xD280'0543,  // mov x3, #42: its x0
               0xD400'0002,  // hvc #0
               device_to_x1,
               0xF900'0020,  // str x0, [x1]
               stay},
              2);
  guest.put(second_code_address, {device_to_x1,
                                  0xF900'0420,  // str x0, [x1, #8]
                                  stay});
  CHECK(next_write(*guest.vcpus[0]) == Written{0, 8, 0});
  CHECK(next_write(*guest.vcpus[1]) == Written{8, 8, 42});
}

TEST_CASE("kvm arm64: processors are named sixteen to a cluster", "[kvm]") {
  Guest guest({stay}, 18);
  for (const std::uint32_t i : {0u, 1u, 15u, 16u, 17u}) {
    CHECK(guest.vm.mpidr(i) == platform::arm64::default_mpidr(i));
  }
}

TEST_CASE("kvm arm64: a kick before, during and between runs is never lost", "[kvm]") {
  Guest guest{stay};
  auto& vcpu = *guest.vcpus[0];
  vcpu.kick();
  int kicks = 0;
  std::thread kicker;
  for (VmExit& exit : vcpu.run()) {
    REQUIRE(std::holds_alternative<Kicked>(exit));
    if (kicker.joinable()) kicker.join();
    if (++kicks == 100) break;
    kicker = std::thread{[&] { vcpu.kick(); }};
    if (kicks % 2 == 0) kicker.join();  // now certainly between two runs
  }
  if (kicker.joinable()) kicker.join();
  CHECK(kicks == 100);
}

TEST_CASE("kvm arm64: a kick gets a sleeping processor out", "[kvm]") {
  Guest guest{0xD503'207F,   // wfi
              0x17FF'FFFF};  // b back
  std::thread kicker{[&] { guest.vcpus[0]->kick(); }};
  for (VmExit& exit : guest.vcpus[0]->run()) {
    CHECK(std::holds_alternative<Kicked>(exit));
    break;
  }
  kicker.join();
}

namespace {

runtime::Task<> ring(runtime::Event& event, bool& rung) {
  rung = co_await runtime::with_deadline(10s, event.wait());
}

}  // namespace

TEST_CASE("kvm arm64: a doorbell rings for its value alone, without an exit", "[kvm]") {
  runtime::Loop loop;
  runtime::Event seven{loop.executor()};
  runtime::Event any{loop.executor()};
  Guest guest{device_to_x1,
              0x5280'00E2,  // mov w2, #7
              0xB900'3022,  // str w2, [x1, #0x30]
              0x5280'0102,  // mov w2, #8
              0xB900'3022,  // str w2, [x1, #0x30]
              0xB900'5022,  // str w2, [x1, #0x50]
              0xB900'6022,  // str w2, [x1, #0x60]
              stay};
  guest.vm.ring({.place = device + 0x30, .size_bytes = 4, .value = 7}, seven);
  guest.vm.ring({.place = device + 0x50, .size_bytes = 4}, any);
  CHECK(next_write(*guest.vcpus[0]) == Written{0x30, 4, 8});
  CHECK(next_write(*guest.vcpus[0]) == Written{0x60, 4, 8});
  bool rung = false;
  loop.run(ring(seven, rung));
  CHECK(rung);
  rung = false;
  loop.run(ring(any, rung));
  CHECK(rung);
}

TEST_CASE("kvm arm64: an eventfd wired to an interrupt raises it", "[kvm]") {
  Guest guest{stay};
  const int eventfd = ::eventfd(0, EFD_CLOEXEC);
  REQUIRE(eventfd >= 0);
  CHECK_NOTHROW(guest.vm.interrupt_from(eventfd, platform::Gsi{40}));
  // A second wiring of the same descriptor is refused by KVM: the first one is in place.
  CHECK_THROWS(guest.vm.interrupt_from(eventfd, platform::Gsi{41}));
  ::close(eventfd);
}
