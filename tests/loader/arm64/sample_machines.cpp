#include "tests/loader/arm64/sample_machines.hpp"

namespace samples {

using namespace loader::arm64;
using namespace platform::arm64;
using platform::AddressRange;
using platform::Gsi;

Machine bare_machine(std::uint32_t processors) {
  Machine machine{.platform = {.gic_distributor_base = {0xFFFF'0000},
                               .gic_version = GicV3{{0xEFFF'0000}},
                               .gic_msi = GicV2m{{0xEFFE'8000}, Gsi{928}, 64},
                               .pmu_gsiv = {}},
                  .processors = {},
                  .memory = {{.range = {{0x4000'0000}, 0x2000'0000}}}};
  for (std::uint32_t index = 0; index < processors; ++index) {
    machine.processors.push_back({.mpidr = default_mpidr(index)});
  }
  return machine;
}

Machine full_machine(std::uint32_t processors) {
  Machine machine = bare_machine(processors);
  machine.platform.pmu_gsiv = Gsi{23};
  machine.processors.back().node = 1;
  machine.memory = {{.range = {{0x4000'0000}, 0x4000'0000}},
                    {.range = {{0x1'0000'0000}, 0x8000'0000}, .node = 1}};
  machine.node_distances = {10, 25, 25, 10};
  machine.serial_ports = {{{0xEFFE'C000}, Gsi{33}}, {{0xEFFE'B000}, Gsi{34}}};
  machine.rtc = Rtc{{0xEFFE'A000}, Gsi{35}};
  machine.power_key = PowerKey{{0xEFFE'D000}, Gsi{36}, 3};
  machine.virtio_mmio = {{{{0xEF00'0000}, 0x1000}, Gsi{40}}, {{{0xEF00'1000}, 0x1000}, Gsi{41}}};
  machine.pci = loader::PciHost{{{0xEF10'0000}, 0x10'0000}, {{0xEB00'0000}, 0x400'0000}};
  machine.mmio_windows =
      MmioWindows{{{0xE000'0000}, 0xF00'0000}, AddressRange{{0x2'0000'0000}, 0x2000'0000}};
  machine.has_vmbus = true;
  return machine;
}

namespace {

void add_with_each_device(std::vector<Machine>& machines) {
  const Machine full = full_machine();
  const auto add = [&](auto change) { change(machines.emplace_back(bare_machine())); };
  add([&](Machine& machine) { machine.platform.pmu_gsiv = Gsi{16}; });
  add([&](Machine& machine) { machine.platform.virt_timer_ppi = Gsi{27}; });
  add([&](Machine& machine) { machine.serial_ports = {full.serial_ports[1]}; });
  add([&](Machine& machine) { machine.rtc = full.rtc; });
  add([&](Machine& machine) { machine.power_key = PowerKey{{0xEFFE'D000}, Gsi{36}, 7}; });
  add([&](Machine& machine) { machine.virtio_mmio = full.virtio_mmio; });
  add([&](Machine& machine) {  // of all buses there can be, and above 4 GiB
    machine.pci = loader::PciHost{{{0x40'0000'0000}, 0x1000'0000}, full.pci->window};
    machine.platform.gic_msi = GicIts{{0xEFFC'0000}};
  });
  add([&](Machine& machine) {
    machine.mmio_windows = MmioWindows{full.mmio_windows->low, {}};
    machine.has_vmbus = true;
    machine.platform.vmbus_ppi = Gsi{31};
  });
  add([&](Machine& machine) {  // too large for one size cell
    machine.mmio_windows =
        MmioWindows{full.mmio_windows->low, AddressRange{{0x2'0000'0000}, 0x2'0000'0000}};
    machine.has_vmbus = true;
  });
  add([&](Machine& machine) {  // distances that go without saying
    machine.processors = full.processors;
    machine.memory = full.memory;
  });
  add([&](Machine& machine) { machine.processors[0].mpidr = 0x12'0003'0201; });
}

}  // namespace

std::vector<Machine> all_machines() {
  std::vector<Machine> machines;
  for (const std::uint32_t processors : {1u, 2u, 16u, 17u, 255u}) {
    machines.push_back(bare_machine(processors));
    machines.push_back(full_machine(processors));
  }
  for (const GicMsi& messages : {GicMsi{NoMsi{}}, GicMsi{GicIts{{0xEFFC'0000}}}}) {
    machines.push_back(full_machine());
    machines.back().platform.gic_msi = messages;
  }
  for (const std::uint32_t processors : {1u, 3u, 8u}) {
    machines.push_back(full_machine(processors));
    machines.back().platform.gic_version = GicV2{{0xEFFF'0000}};
    machines.push_back(machines.back());
    machines.back().platform.gic_msi = NoMsi{};
  }
  add_with_each_device(machines);
  return machines;
}

Chosen full_chosen() {
  Chosen chosen{.bootargs = "console=ttyAMA0 quiet",
                .initrd = AddressRange{{0x4800'0000}, 0x123'4567},
                .kaslr_seed = 0x0123'4567'89AB'CDEF,
                .efi = EfiHandOff{.system_table = {0x4000'1000},
                                  .memory_map = {0x4000'2000},
                                  .memory_map_bytes = 200,
                                  .descriptor_bytes = 40,
                                  .descriptor_version = 1}};
  for (int value = 0; value < 64; ++value) {
    chosen.rng_seed.push_back(static_cast<std::byte>(255 - value));
  }
  return chosen;
}

}  // namespace samples
