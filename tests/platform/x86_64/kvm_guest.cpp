#include "tests/platform/x86_64/kvm_guest.hpp"

#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

#include "platform/kvm/x86_64/vm.hpp"
#include "runtime/units.hpp"

using namespace runtime::literals;

namespace {

constexpr std::array ram{platform::AddressRange{{0}, 1_MiB}};

}  // namespace

const platform::Gsi KvmGuest::pin{5};
const platform::Gsi KvmGuest::other_pin{6};

platform::x86_64::BootState flat_32() {
  platform::x86_64::BootState state;
  state.rip = KvmGuest::code_address.value;
  state.cr0 = 0x11;
  state.cs = {.selector = 8, .attributes = 0xC09B, .limit_bytes = 0xFFFFFFFF};
  state.data = {.selector = 16, .attributes = 0xC093, .limit_bytes = 0xFFFFFFFF};
  state.rsp = 0x8000;
  return state;
}

KvmGuest::KvmGuest(const GuestCode& code) : memory{ram} {
  if (!memory.write(code_address, code.bytes())) throw std::length_error{"too much code"};
  auto made = std::make_unique<platform::kvm::x86_64::Vm>(
      system, platform::x86_64::ProcessorTopology{.count = 1});
  made->map(memory);
  const auto boot = flat_32();
  vcpu = made->create_vcpu(0, &boot, {});
  vm = std::move(made);
}
