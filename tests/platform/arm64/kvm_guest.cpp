#include "tests/platform/arm64/kvm_guest.hpp"

#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

#include "platform/kvm/arm64/vm.hpp"
#include "runtime/units.hpp"

using namespace runtime::literals;
using platform::arm64::Pmu;

namespace {

constexpr std::array ram{platform::AddressRange{{0}, 1_MiB}};
constexpr unsigned address_bits = 32;

}  // namespace

const platform::Gsi KvmGuest::pin{37};
const platform::Gsi KvmGuest::other_pin{38};

platform::arm64::PlatformConfig interrupt_controller(platform::arm64::Vm& vm) {
  constexpr platform::GuestAddress beside{0xEFFF'0000};
  platform::arm64::PlatformConfig config;
  config.gic_distributor_base = {0xFFFF'0000};
  if (vm.features().gic_v3) {
    config.gic_version = platform::arm64::GicV3{beside};
  } else {
    config.gic_version = platform::arm64::GicV2{beside};
  }
  config.gic_msi = platform::arm64::GicV2m{v2m_frame, KvmGuest::pin, 2};
  return config;
}

KvmGuest::KvmGuest(const GuestCode& code) : memory{ram} {
  if (!memory.write(code_address, code.bytes())) throw std::length_error{"too much code"};
  auto made = std::make_unique<platform::kvm::arm64::Vm>(system, 1, address_bits);
  made->map(memory);
  vcpu = made->create_vcpu(0, Pmu::Off);
  made->create_interrupt_controller(interrupt_controller(*made));
  made->set_boot_state({.pc = code_address.value});
  vm = std::move(made);
}
