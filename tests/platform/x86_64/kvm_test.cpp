// The KVM back end with guests of a few instructions: what only x86_64 has.
#include "platform/kvm/x86_64/vm.hpp"

#include <array>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <thread>

#include "runtime/units.hpp"
#include "tests/platform/x86_64/kvm_guest.hpp"
#include "tests/support/test_loop.hpp"
#include "vmm/vcpu_threads.hpp"

using namespace runtime::literals;
using platform::GuestMemory;
using platform::Port;
using platform::PortRead;
using platform::PortWrite;
using platform::VmExit;

TEST_CASE("kvm: port accesses of every width arrive with their bytes", "[kvm]") {
  KvmGuest guest{
      instructions({0xB0, 0x41, 0xE6, 0x10,                    // mov al, 'A'; out 0x10, al
                    0xB8, 0x78, 0x56, 0x34, 0x12, 0xE7, 0x12,  // mov eax, 0x12345678; out 0x12, eax
                    0xE5, 0x14, 0xE7, 0x16,                    // in eax, 0x14; out 0x16, eax
                    0xF4})};
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
  KvmGuest guest{instructions({0xBE, 0x00, 0x20, 0x00, 0x00,  // mov esi, 0x2000
                               0xB9, 0x04, 0x00, 0x00, 0x00,  // mov ecx, 4
                               0x66, 0xBA, 0xF8, 0x03,        // mov dx, 0x3F8
                               0xF3, 0x6E,                    // rep outsb
                               0xF4})};
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

TEST_CASE("kvm: an invalid interrupt table turns a fault into a triple fault", "[kvm]") {
  KvmGuest guest{instructions({0x0F, 0x0B})};  // ud2, with no IDT in RAM
  for (VmExit& exit : guest.vcpu->run()) {
    CHECK(std::holds_alternative<platform::TripleFault>(exit));
    break;
  }
  CHECK_FALSE(x86_64_vm(guest).all_interrupts_masked());
}

TEST_CASE("kvm: a coalesced write arrives before the exit that follows it", "[kvm]") {
  KvmGuest guest{instructions({0xB0, 0x0A, 0xE6, 0x70,  // mov al, 10; out 0x70, al
                               0xE4, 0x71,              // in al, 0x71
                               0xB0, 0x0B, 0xE6, 0x70,  // mov al, 11; out 0x70, al
                               0xE4, 0x71, 0xF4})};
  if (!x86_64_vm(guest).coalesce_writes(Port{0x70})) SKIP("this KVM does not coalesce port writes");
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

TEST_CASE("kvm: a doorbell may be a port", "[kvm]") {
  TestLoop loop;
  runtime::Event bell{loop.executor()};
  KvmGuest guest{instructions({0xB0, 0x07, 0xE6, 0x30,  // out 0x30, 7
                               0xB0, 0x08, 0xE6, 0x30,  // out 0x30, 8
                               0xE6, 0x31, 0xF4})};     // out 0x31, al
  guest.vm->ring({.place = Port{0x30}, .size_bytes = 1, .value = 7}, bell);
  std::vector<std::uint16_t> ports;
  for (VmExit& exit : guest.vcpu->run()) {
    ports.push_back(std::get<PortWrite>(exit).port.value);
    if (ports.back() == 0x31) break;
  }
  CHECK(ports == std::vector<std::uint16_t>{0x30, 0x31});
  loop.run(bell.wait());  // at once: it was rung
}

TEST_CASE("kvm: a guest reads the page it is shown, and its writes there are exits", "[kvm]") {
  platform::RegisterPage page;
  page.bytes[5] = std::byte{0x11};
  const platform::GuestAddress report{0xD100'0000};
  GuestCode code;
  for (int round = 0; round < 3; ++round) {
    code.copy(KvmGuest::device + 5, report, 1).store(KvmGuest::device + 5, 1, 0x22);
  }
  KvmGuest guest{code.spin()};
  REQUIRE(guest.vm->try_show(KvmGuest::device, page));
  CHECK_FALSE(guest.vm->try_show(KvmGuest::device, page));
  std::vector<int> seen;  // what it reports; reads, as -1; writes, as -2
  for (VmExit& exit : guest.vcpu->run()) {
    if (auto* read = std::get_if<platform::MmioRead>(&exit)) {
      CHECK(read->address == KvmGuest::device + 5);
      read->data[0] = std::byte{0x33};
      seen.push_back(-1);
      continue;
    }
    const auto& write = std::get<platform::MmioWrite>(exit);
    if (write.address == report) {
      seen.push_back(std::to_integer<int>(write.data[0]));
      continue;
    }
    CHECK(write.address == KvmGuest::device + 5);
    seen.push_back(-2);
    page.bytes[5] = write.data[0];
    if (seen.size() == 4) guest.vm->hide(KvmGuest::device);
    if (seen.size() == 7) break;
  }
  CHECK(seen == std::vector{0x11, -2, 0x22, -2, -1, 0x33, -2});
}

TEST_CASE("kvm: a message reaches the local APIC, if it is sent there", "[kvm]") {
  constexpr platform::GuestAddress local_apic{0xFEE0'0000};
  const platform::GuestAddress spurious_vector = local_apic + 0xF0;
  const platform::GuestAddress requested = local_apic + 0x220;  // vectors 0x40 to 0x5F
  KvmGuest guest{GuestCode{}
                     .store(spurious_vector, 4, 0x1FF)  // enables it
                     .copy(requested, KvmGuest::device, 4)
                     .copy(requested, KvmGuest::device, 4)
                     .spin()};
  std::vector<std::uint32_t> seen;
  for (VmExit& exit : guest.vcpu->run()) {
    const auto& write = std::get<platform::MmioWrite>(exit);
    std::uint32_t value = 0;
    std::memcpy(&value, write.data.data(), sizeof value);
    seen.push_back(value);
    if (seen.size() == 2) break;
    guest.vm->interrupts().send({.address = local_apic, .data = 0x41}, 0);
    guest.vm->interrupts().send({.address = {0x10'0000}, .data = 0x42}, 0);
  }
  CHECK(seen == std::vector<std::uint32_t>{0, 1 << 1});
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
  // again: out 0x70, al
  const GuestCode code = instructions({0xE6, 0x70, 0xEB, 0xFC});
  constexpr std::array ram{platform::AddressRange{{0}, 1_MiB}};
  platform::kvm::System system;
  GuestMemory memory{ram};
  platform::kvm::x86_64::Vm vm{system, {.count = 2}};
  REQUIRE(memory.write(KvmGuest::code_address, code.bytes()));
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
