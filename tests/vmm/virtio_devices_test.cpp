// Where a machine's virtio devices are, for tables and trees.
#include "vmm/virtio_devices.hpp"

#include <catch2/catch_test_macros.hpp>

#include "vmm/arm64/devices.hpp"
#include "vmm/x86_64/devices.hpp"

using vmm::MachineConfig;
using vmm::VirtioTransport;

namespace {

template <typename Machine, typename Describe>
Machine described(const MachineConfig& config, Describe describe) {
  Machine machine{};
  describe(config, machine);
  return machine;
}

loader::acpi::x86_64::Machine on_x86_64(const MachineConfig& config) {
  return described<loader::acpi::x86_64::Machine>(config, vmm::x86_64::describe_devices);
}
loader::arm64::Machine on_arm64(const MachineConfig& config) {
  return described<loader::arm64::Machine>(config, vmm::arm64::describe_devices);
}

}  // namespace

TEST_CASE("virtio devices: the guest is told of pages and a PCI bus as far as they are there",
          "[vmm]") {
  MachineConfig config;
  CHECK(on_x86_64(config).virtio_mmio.empty());
  CHECK_FALSE(on_x86_64(config).pci);
  config.rng = true;
  config.disks = {{.path = "a", .id = "a"}, {.path = "b", .id = "b"}};
  CHECK(on_x86_64(config).virtio_mmio.size() == 3);
  CHECK(on_arm64(config).virtio_mmio.size() == 3);
  CHECK_FALSE(on_x86_64(config).pci);
  CHECK_FALSE(on_arm64(config).pci);
  config.disks[0].transport = VirtioTransport::Pci;
  CHECK(on_x86_64(config).virtio_mmio.size() == 2);
  CHECK(on_arm64(config).virtio_mmio.size() == 2);
  CHECK(on_x86_64(config).pci);
  CHECK(on_arm64(config).pci);
  config.virtio_transport = config.disks[1].transport = VirtioTransport::Pci;
  CHECK(on_x86_64(config).virtio_mmio.empty());
  CHECK(on_arm64(config).virtio_mmio.empty());
}

TEST_CASE("virtio devices: a PC's PCI bus has ports, an AArch64 machine's has not", "[vmm]") {
  MachineConfig config;
  config.rng = true;
  config.virtio_transport = VirtioTransport::Pci;
  CHECK(on_x86_64(config).pci->ports);
  CHECK_FALSE(on_arm64(config).pci->ports);
}
