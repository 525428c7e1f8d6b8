// The KVM back end with guests of a few instructions: what holds on every architecture. Needs a
// /dev/kvm; run in the lab by tests/run.
#include <sys/eventfd.h>

#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "runtime/unique_fd.hpp"
#include "tests/platform/kvm_guest.hpp"
#include "tests/support/test_loop.hpp"

using platform::GuestAddress;
using platform::Kicked;
using platform::MmioRead;
using platform::MmioWrite;
using platform::VmExit;

namespace {

constexpr std::uint64_t digits = 0x8877'6655'4433'2211;

/// Whether they are the first of `digits`, in the order a little-endian guest stores them.
bool are_digits(std::span<const std::byte> bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != static_cast<std::byte>(digits >> i * 8)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("kvm: a write of any width outside RAM arrives with its bytes", "[kvm]") {
  GuestCode code;
  for (const std::size_t width : GuestCode::widths()) {
    code.store(KvmGuest::device + width * 8, width, digits);
  }
  KvmGuest guest{code.spin()};
  auto width = GuestCode::widths().begin();
  for (VmExit& exit : guest.vcpu->run()) {
    const auto& write = std::get<MmioWrite>(exit);
    CHECK(write.address == KvmGuest::device + *width * 8);
    CHECK(write.data.size() == *width);
    CHECK(are_digits(write.data));
    if (++width == GuestCode::widths().end()) break;
  }
}

TEST_CASE("kvm: a read of any width outside RAM gets the bytes it is answered", "[kvm]") {
  GuestCode code;
  for (const std::size_t width : GuestCode::widths()) {
    code.copy(KvmGuest::device + width * 8, GuestAddress{0x8000 + width * 8}, width);
    code.copy(GuestAddress{0x8000 + width * 8}, KvmGuest::device, width);
  }
  KvmGuest guest{code.spin()};
  auto width = GuestCode::widths().begin();
  for (VmExit& exit : guest.vcpu->run()) {
    if (const auto* read = std::get_if<MmioRead>(&exit)) {
      CHECK(read->address == KvmGuest::device + *width * 8);
      REQUIRE(read->data.size() == *width);
      for (std::size_t i = 0; i < *width; ++i) {
        read->data[i] = static_cast<std::byte>(digits >> i * 8);
      }
      continue;
    }
    const auto& write = std::get<MmioWrite>(exit);
    CHECK(write.data.size() == *width);
    CHECK(are_digits(write.data));
    if (++width == GuestCode::widths().end()) break;
  }
}

TEST_CASE("kvm: a kick before, during and between runs is never lost", "[kvm]") {
  KvmGuest guest{GuestCode{}.spin()};
  guest.vcpu->kick();
  int kicks = 0;
  std::thread kicker;
  for (VmExit& exit : guest.vcpu->run()) {
    REQUIRE(std::holds_alternative<Kicked>(exit));
    if (kicker.joinable()) kicker.join();
    if (++kicks == 100) break;
    kicker = std::thread{[&] { guest.vcpu->kick(); }};
    if (kicks % 2 == 0) kicker.join();  // now certainly between two runs
  }
  if (kicker.joinable()) kicker.join();
  CHECK(kicks == 100);
}

TEST_CASE("kvm: a kick gets a halted processor out", "[kvm]") {
  KvmGuest guest{GuestCode{}.halt()};
  std::thread kicker{[&] { guest.vcpu->kick(); }};
  for (VmExit& exit : guest.vcpu->run()) {
    CHECK(std::holds_alternative<Kicked>(exit));
    break;
  }
  kicker.join();
}

TEST_CASE("kvm: a doorbell rings for its value alone, without an exit", "[kvm]") {
  TestLoop loop;
  runtime::Event any{loop.executor()};
  runtime::Event seven{loop.executor()};
  KvmGuest guest{GuestCode{}
                     .store(KvmGuest::device + 0x50, 4, 1)
                     .store(KvmGuest::device + 0x60, 2, 7)
                     .store(KvmGuest::device + 0x60, 2, 8)
                     .store(KvmGuest::device + 0x70, 1, 0)
                     .spin()};
  guest.vm->ring({.place = KvmGuest::device + 0x50, .size_bytes = 4}, any);
  guest.vm->ring({.place = KvmGuest::device + 0x60, .size_bytes = 2, .value = 7}, seven);
  std::vector<std::uint64_t> written;
  for (VmExit& exit : guest.vcpu->run()) {
    written.push_back(std::get<MmioWrite>(exit).address - KvmGuest::device);
    if (written.back() == 0x70) break;
  }
  CHECK(written == std::vector<std::uint64_t>{0x60, 0x70});
  loop.run(any.wait());  // at once: they were rung
  loop.run(seven.wait());
}

TEST_CASE("kvm: a doorbell comes and goes while the guest runs", "[kvm]") {
  TestLoop loop;
  runtime::Event bell{loop.executor()};
  const platform::Doorbell any_width{.place = KvmGuest::device + 0x50, .size_bytes = 0};
  GuestCode code;
  for (int i = 0; i < 3; ++i) {
    code.store(KvmGuest::device + 0x50, 2, 1).store(KvmGuest::device + 0x70, 1, 0);
  }
  KvmGuest guest{code.spin()};
  std::vector<std::uint64_t> written;
  for (VmExit& exit : guest.vcpu->run()) {
    written.push_back(std::get<MmioWrite>(exit).address - KvmGuest::device);
    if (written.size() == 2) CHECK(guest.vm->try_ring(any_width, bell));
    if (written.size() == 2) CHECK_FALSE(guest.vm->try_ring(any_width, bell));
    if (written.size() == 3) guest.vm->unring(any_width, bell);
    if (written.size() == 5) break;
  }
  CHECK(written == std::vector<std::uint64_t>{0x50, 0x70, 0x70, 0x50, 0x70});
  loop.run(bell.wait());  // at once: it was rung
}

TEST_CASE("kvm: an eventfd may be wired to a pin, once", "[kvm]") {
  KvmGuest guest{GuestCode{}.spin()};
  const runtime::UniqueFd eventfd{::eventfd(0, EFD_CLOEXEC)};
  REQUIRE(eventfd.get() >= 0);
  CHECK_NOTHROW(guest.vm->interrupt_from(eventfd.get(), KvmGuest::pin));
  // A second wiring of the same descriptor is refused by KVM: the first one is in place.
  CHECK_THROWS(guest.vm->interrupt_from(eventfd.get(), KvmGuest::other_pin));
}
