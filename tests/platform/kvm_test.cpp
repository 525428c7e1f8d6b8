// The KVM back end with guests of a few instructions. Needs a /dev/kvm; run in the lab by
// tests/run.
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <initializer_list>
#include <thread>

#include "platform/kvm/system.hpp"
#include "platform/kvm/x86_64/vm.hpp"
#include "runtime/loop.hpp"
#include "runtime/timer.hpp"
#include "runtime/units.hpp"
#include "vmm/vcpu_threads.hpp"

using namespace runtime::literals;
using namespace std::chrono_literals;
using platform::GuestAddress;
using platform::GuestMemory;
using platform::Kicked;
using platform::MmioRead;
using platform::MmioWrite;
using platform::Port;
using platform::PortRead;
using platform::PortWrite;
using platform::VmExit;

namespace {

constexpr GuestAddress code_address{0x1000};
constexpr std::array ram{platform::AddressRange{{0}, 1_MiB}};

/// Flat 32-bit protected mode, interrupts off, at `code_address`.
platform::x86_64::BootState flat_32() {
  platform::x86_64::BootState state;
  state.rip = code_address.value;
  state.cr0 = 0x11;
  state.cs = {.selector = 8, .attributes = 0xC09B, .limit_bytes = 0xFFFFFFFF};
  state.data = {.selector = 16, .attributes = 0xC093, .limit_bytes = 0xFFFFFFFF};
  state.rsp = 0x8000;
  return state;
}

struct Guest {
  explicit Guest(std::initializer_list<unsigned char> code) {
    const std::vector<unsigned char> bytes{code};
    REQUIRE(memory.write(code_address, std::as_bytes(std::span{bytes})));
    vm.map(memory);
    const auto boot = flat_32();
    vcpu = vm.create_vcpu(0, &boot, {});
  }

  platform::kvm::System system;
  GuestMemory memory{ram};
  platform::kvm::x86_64::Vm vm{system, {.count = 1}};
  std::unique_ptr<platform::Vcpu> vcpu;
};

}  // namespace

TEST_CASE("kvm: port accesses of every width arrive with their bytes", "[kvm]") {
  Guest guest{0xB0, 0x41, 0xE6, 0x10,                    // mov al, 'A'; out 0x10, al
              0xB8, 0x78, 0x56, 0x34, 0x12, 0xE7, 0x12,  // mov eax, 0x12345678; out 0x12, eax
              0xE5, 0x14, 0xE7, 0x16,                    // in eax, 0x14; out 0x16, eax
              0xF4};
  int step = 0;
  for (VmExit& exit : guest.vcpu->run()) {
    if (step == 0) {
      const auto& write = std::get<PortWrite>(exit);
      CHECK(write.port == Port{0x10});
      CHECK(write.width_bytes == 1);
      CHECK(write.data[0] == std::byte{'A'});
    } else if (step == 1) {
      const auto& write = std::get<PortWrite>(exit);
      CHECK(write.width_bytes == 4);
      CHECK(write.data[3] == std::byte{0x12});
    } else if (step == 2) {
      const auto& read = std::get<PortRead>(exit);
      CHECK(read.port == Port{0x14});
      for (std::byte& byte : read.data) byte = std::byte{0xAB};
    } else {
      const auto& write = std::get<PortWrite>(exit);
      CHECK(write.port == Port{0x16});
      CHECK(write.data[2] == std::byte{0xAB});
      break;
    }
    ++step;
  }
}

TEST_CASE("kvm: a string write is one exit of several accesses", "[kvm]") {
  Guest guest{0xBE, 0x00, 0x20, 0x00, 0x00,  // mov esi, 0x2000
              0xB9, 0x04, 0x00, 0x00, 0x00,  // mov ecx, 4
              0x66, 0xBA, 0xF8, 0x03,        // mov dx, 0x3F8
              0xF3, 0x6E,                    // rep outsb
              0xF4};
  REQUIRE(guest.memory.store<std::uint32_t>({0x2000}, 0x64636261));
  std::string sent;
  for (VmExit& exit : guest.vcpu->run()) {
    const auto& write = std::get<PortWrite>(exit);
    CHECK(write.width_bytes == 1);
    for (const std::byte byte : write.data) sent += static_cast<char>(byte);
    if (sent.size() == 4) break;
  }
  CHECK(sent == "abcd");
}

TEST_CASE("kvm: accesses outside RAM are MMIO", "[kvm]") {
  Guest guest{0xA1, 0x00, 0x00, 0x00, 0xD0,  // mov eax, [0xD0000000]
              0xA3, 0x04, 0x00, 0x00, 0xD0,  // mov [0xD0000004], eax
              0xF4};
  for (VmExit& exit : guest.vcpu->run()) {
    if (const auto* read = std::get_if<MmioRead>(&exit)) {
      CHECK(read->address == GuestAddress{0xD000'0000});
      CHECK(read->data.size() == 4);
      for (std::byte& byte : read->data) byte = std::byte{0x5A};
    } else {
      const auto& write = std::get<MmioWrite>(exit);
      CHECK(write.address == GuestAddress{0xD000'0004});
      CHECK(write.data[0] == std::byte{0x5A});
      break;
    }
  }
}

TEST_CASE("kvm: an invalid interrupt table turns a fault into a triple fault", "[kvm]") {
  Guest guest{0x0F, 0x0B};  // ud2, with no IDT in RAM
  for (VmExit& exit : guest.vcpu->run()) {
    CHECK(std::holds_alternative<platform::TripleFault>(exit));
    break;
  }
  CHECK_FALSE(guest.vm.all_interrupts_masked());
}

TEST_CASE("kvm: a kick before, during and between runs is never lost", "[kvm]") {
  Guest guest{0xEB, 0xFE};  // jmp $
  guest.vcpu->kick();
  int kicks = 0;
  std::atomic<bool> running = true;
  std::thread kicker;
  for (VmExit& exit : guest.vcpu->run()) {
    REQUIRE(std::holds_alternative<Kicked>(exit));
    if (kicker.joinable()) kicker.join();
    if (++kicks == 100) break;
    kicker = std::thread{[&] { guest.vcpu->kick(); }};
    if (kicks % 2 == 0) kicker.join();  // now certainly between two runs
  }
  running = false;
  if (kicker.joinable()) kicker.join();
  CHECK(kicks == 100);
}

TEST_CASE("kvm: a kick gets a halted processor out", "[kvm]") {
  Guest guest{0xF4, 0xEB, 0xFD};  // hlt for ever, interrupts off
  std::thread kicker{[&] { guest.vcpu->kick(); }};
  for (VmExit& exit : guest.vcpu->run()) {
    CHECK(std::holds_alternative<Kicked>(exit));
    break;
  }
  kicker.join();
}

TEST_CASE("kvm: a coalesced write arrives before the exit that follows it", "[kvm]") {
  Guest guest{0xB0, 0x0A, 0xE6, 0x70,  // mov al, 10; out 0x70, al
              0xE4, 0x71,              // in al, 0x71
              0xB0, 0x0B, 0xE6, 0x70,  // mov al, 11; out 0x70, al
              0xE4, 0x71, 0xF4};
  if (!guest.vm.coalesce_writes(Port{0x70})) SKIP("this KVM does not coalesce port writes");
  std::vector<int> seen;
  for (VmExit& exit : guest.vcpu->run()) {
    if (const auto* write = std::get_if<PortWrite>(&exit)) {
      seen.push_back(std::to_integer<int>(write->data[0]));
    } else if (std::holds_alternative<PortRead>(exit)) {
      seen.push_back(-1);
    }
    if (seen.size() == 4) break;
  }
  CHECK(seen == std::vector{10, -1, 11, -1});
}

namespace {

runtime::Task<> ring(runtime::Event& event, bool& rung) {
  rung = co_await runtime::with_deadline(10s, event.wait());
}

}  // namespace

TEST_CASE("kvm: a doorbell rings for its value alone, without an exit", "[kvm]") {
  runtime::Loop loop;
  runtime::Event port_bell{loop.executor()};
  runtime::Event page_bell{loop.executor()};
  Guest guest{0xB0, 0x07, 0xE6, 0x30,                                      // out 0x30, 7
              0xB0, 0x08, 0xE6, 0x30,                                      // out 0x30, 8
              0xC7, 0x05, 0x50, 0x00, 0x00, 0xD0, 0x01, 0x00, 0x00, 0x00,  // mov [0xD0000050], 1
              0xE6, 0x31, 0xF4};                                           // out 0x31, al
  guest.vm.ring({.place = Port{0x30}, .size_bytes = 1, .value = 7}, port_bell);
  guest.vm.ring({.place = GuestAddress{0xD000'0050}, .size_bytes = 4}, page_bell);
  std::vector<std::uint16_t> ports;
  for (VmExit& exit : guest.vcpu->run()) {
    ports.push_back(std::get<PortWrite>(exit).port.value);
    if (ports.back() == 0x31) break;
  }
  CHECK(ports == std::vector<std::uint16_t>{0x30, 0x31});
  bool rung = false;
  loop.run(ring(port_bell, rung));
  CHECK(rung);
  rung = false;
  loop.run(ring(page_bell, rung));
  CHECK(rung);
}

TEST_CASE("kvm: an eventfd wired to a pin raises it", "[kvm]") {
  Guest guest{0xEB, 0xFE};
  const int eventfd = ::eventfd(0, EFD_CLOEXEC);
  REQUIRE(eventfd >= 0);
  CHECK_NOTHROW(guest.vm.interrupt_from(eventfd, platform::Gsi{5}));
  // A second wiring of the same descriptor is refused by KVM: the first one is in place.
  CHECK_THROWS(guest.vm.interrupt_from(eventfd, platform::Gsi{6}));
  ::close(eventfd);
}

namespace {

class Ignore final : public vmm::ExitHandler {
 public:
  void handle(VmExit&) override { ++handled; }
  void failed(std::exception_ptr) override {}
  std::atomic<std::uint64_t> handled = 0;
};

}  // namespace

TEST_CASE("kvm: processors pause while one of them has writes set aside", "[kvm]") {
  platform::kvm::System system;
  GuestMemory memory{ram};
  platform::kvm::x86_64::Vm vm{system, {.count = 2}};
  constexpr std::array<unsigned char, 4> code{0xE6, 0x70, 0xEB, 0xFC};  // again: out 0x70, al
  REQUIRE(memory.write(code_address, std::as_bytes(std::span{code})));
  vm.map(memory);
  if (!vm.coalesce_writes(Port{0x70})) SKIP("this KVM does not coalesce port writes");
  const auto boot = flat_32();
  std::vector<std::unique_ptr<platform::Vcpu>> vcpus;
  vcpus.push_back(vm.create_vcpu(0, &boot, {}));
  vcpus.push_back(vm.create_vcpu(1, nullptr, {}));
  Ignore handler;
  vmm::Timeline timeline;
  vmm::VcpuThreads threads{handler};
  threads.start(vcpus, timeline);
  for (int round = 0; round < 20; ++round) {
    threads.pause();
    const std::uint64_t handled = handler.handled;
    threads.resume();
    while (handler.handled == handled) std::this_thread::yield();
  }
  threads.stop();
  CHECK(handler.handled > 0);
}
