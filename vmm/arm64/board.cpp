#include "vmm/arm64/board.hpp"

#include <sys/random.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "loader/image.hpp"
#include "vmm/arm64/address_map.hpp"
#include "vmm/arm64/platform_config.hpp"

namespace vmm::arm64 {
namespace {

using platform::arm64::PlatformConfig;
using platform::arm64::Pmu;

constexpr std::size_t rng_seed_bytes = 64;

/// A seed the host cannot give at once is left out; the guest then gathers its own.
loader::Bytes random_bytes(std::size_t size_bytes) {
  loader::Bytes bytes(size_bytes);
  const ssize_t got = ::getrandom(bytes.data(), bytes.size(), GRND_NONBLOCK);
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return bytes;
}

std::uint64_t random_number() {
  const loader::Bytes bytes = random_bytes(sizeof(std::uint64_t));
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), bytes.size());
  return number;
}

/// Such a kernel would stop without a word.
void check_page_size(const BootFiles& files, const loader::arm64::LoadedKernel& kernel,
                     platform::arm64::Vm& vm) {
  if (!kernel.page_bytes || vm.has_pages_of(*kernel.page_bytes)) return;
  throw loader::BadImage{"{}: a kernel with pages of {} KiB, which this host's processors lack",
                         files.kernel.image().name, *kernel.page_bytes >> 10};
}

}  // namespace

loader::arm64::LinuxBoot linux_boot(const MachineConfig& config, const BootFiles& files,
                                    const PlatformConfig& platform,
                                    std::span<const std::uint64_t> mpidrs) {
  loader::arm64::LinuxBoot boot;
  boot.kernel = files.kernel.image();
  if (files.initrd) boot.initrd = files.initrd->image();
  boot.command_line = config.command_line;
  boot.machine.platform = platform;
  for (const std::uint64_t mpidr : mpidrs) boot.machine.processors.push_back({.mpidr = mpidr});
  for (const platform::AddressRange range : address_map::ram(config.memory_bytes)) {
    boot.machine.memory.push_back({.range = range});
  }
  describe_devices(config, boot.machine);
  boot.identity = config.smbios;
  boot.mode =
      config.device_tree ? loader::arm64::BootMode::DeviceTree : loader::arm64::BootMode::Acpi;
  boot.rng_seed = random_bytes(rng_seed_bytes);
  boot.kaslr_seed = random_number();
  return boot;
}

unsigned address_bits(const MachineConfig& config) {
  const std::uint64_t end = address_map::ram(config.memory_bytes).back().end().value;
  const std::uint64_t last = std::max(end, address_map::low_mmio.end().value) - 1;
  return static_cast<unsigned>(std::bit_width(last));
}

Board::Board(const MachineConfig& config, const BootFiles& files,
             std::unique_ptr<platform::arm64::Vm> vm, const Wiring& wiring)
    : vm_{std::move(vm)},
      platform_{platform_config(config, vm_->features())},
      memory_{address_map::ram(config.memory_bytes)},
      devices_{config, platform_, *vm_, memory_, wiring} {
  vm_->map(memory_);
  wiring.timeline.mark(BootEvent::MemoryReady);
  // Before the kernel: the tables name the processors as KVM does.
  const std::vector<std::uint64_t> mpidrs = create_vcpus(config);
  wiring.timeline.mark(BootEvent::VcpusCreated);
  const auto loaded = files.load_unchanged([&] {
    return loader::arm64::load_linux(linux_boot(config, files, platform_, mpidrs), memory_);
  });
  check_page_size(files, loaded.kernel, *vm_);
  wiring.timeline.mark(BootEvent::KernelPlaced);
  vm_->set_boot_state({.pc = loaded.entry.instruction.value, .x0 = loaded.entry.device_tree.value});
}

std::vector<std::uint64_t> Board::create_vcpus(const MachineConfig& config) {
  const Pmu pmu = platform_.pmu_gsiv ? Pmu::On : Pmu::Off;
  std::vector<std::uint64_t> mpidrs;
  for (std::uint32_t i = 0; i < config.processors; ++i) {
    vcpus_.push_back(vm_->create_vcpu(i, pmu));
    mpidrs.push_back(vm_->mpidr(i));
  }
  vm_->create_interrupt_controller(platform_);
  return mpidrs;
}

}  // namespace vmm::arm64
