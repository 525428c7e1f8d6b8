// Machines of either architecture in words, on any host.
#include "vmm/dry_run.hpp"

#include <catch2/catch_test_macros.hpp>

#include "loader/image.hpp"
#include "tests/loader/arm64/sample_images.hpp"
#include "tests/support/kernel_file.hpp"
#include "tests/support/temporary_file.hpp"

using vmm::MachineConfig;
using Kind = vmm::SerialBackend::Kind;

namespace {

MachineConfig base(vmm::Architecture architecture, const std::string& kernel) {
  MachineConfig config;
  config.architecture = architecture;
  config.kernel_path = kernel;
  config.memory_bytes = std::uint64_t{64} << 20;
  config.command_line = "quiet  twice";
  config.serial[0].kind = Kind::Console;
  return config;
}

std::string describe(const MachineConfig& config) {
  return describe_machine(config, vmm::BootFiles{config});
}

/// Its lines from the heading `first` up to the heading `last`.
std::string part(const std::string& text, std::string_view first, std::string_view last) {
  const std::size_t start = text.find(first);
  const std::size_t end = text.find(last);
  REQUIRE((start < end && end != std::string::npos));
  return text.substr(start, end - start);
}

struct Arm64 {
  TemporaryFile kernel{samples::make(samples::ArmImage{})};
  MachineConfig config = base(vmm::Architecture::Arm64, kernel.path());
};

}  // namespace

TEST_CASE("dry run: an arm64 machine told by ACPI", "[vmm][dry-run]") {
  Arm64 machine;
  machine.config.processors = 3;
  machine.config.serial[1] = {.kind = Kind::File, .path = "x.log"};
  const std::string text = describe(machine.config);
  CHECK(part(text, "machine ", "memory map\n") ==
        "machine  arm64, 3 processors, 64M of RAM\n"
        "kernel   " +
            machine.kernel.path() + ": Image, entered at 0x40000000, told by ACPI tables\n");
  CHECK(part(text, "in RAM\n", "devices\n") ==
        "in RAM\n"
        "  0x000040000000 - 0x0000403fffff  kernel\n");
  CHECK(part(text, "devices\n", "command line\n") ==
        "devices\n"
        "  0x0000ffff0000 - 0x0000ffffffff  GICv3: distributor\n"
        "  0x0000efff0000 - 0x0000f004ffff  GICv3: redistributors\n"
        "  0x0000effc0000 - 0x0000effdffff  ITS\n"
        "  0x0000effec000 - 0x0000effecfff  COM1: PL011, interrupt 33, console\n"
        "  0x0000effeb000 - 0x0000effebfff  COM2: PL011, interrupt 34, file=x.log\n"
        "  0x0000effe9000 - 0x0000effe9fff  PL031 clock, interrupt 35\n"
        "  0x0000effe7000 - 0x0000effe7fff  boot timer: write 123; at +8 boot marks 0x40 and 0x41\n"
        "  interrupt 36                           power button\n"
        "  interrupt 20                           virtual timer\n"
        "  interrupt 23                           PMU\n");
  CHECK(text.ends_with("command line\n  quiet  twice\n"));
}

TEST_CASE("dry run: an arm64 machine told by a device tree, with v2m and no PMU",
          "[vmm][dry-run]") {
  Arm64 machine;
  machine.config.device_tree = true;
  machine.config.gic_msi = vmm::MsiChoice::V2m;
  machine.config.pmu = false;
  machine.config.serial[0].kind = Kind::None;
  machine.config.serial[1].kind = Kind::Pty;
  const std::string text = describe(machine.config);
  CHECK(part(text, "machine ", "in RAM\n") ==
        "machine  arm64, 1 processor, 64M of RAM\n"
        "kernel   " +
            machine.kernel.path() +
            ": Image, entered at 0x40000000, told by a device tree\n"
            "memory map\n"
            "  0x000040000000 - 0x000043ffffff  RAM\n");
  CHECK(part(text, "devices\n", "command line\n") ==
        "devices\n"
        "  0x0000ffff0000 - 0x0000ffffffff  GICv3: distributor\n"
        "  0x0000efff0000 - 0x0000f000ffff  GICv3: redistributors\n"
        "  0x0000effe8000 - 0x0000effe8fff  GICv2m: interrupts 928-991\n"
        "  0x0000effeb000 - 0x0000effebfff  COM2: PL011, interrupt 34, pty\n"
        "  0x0000effe9000 - 0x0000effe9fff  PL031 clock, interrupt 35\n"
        "  0x0000effe7000 - 0x0000effe7fff  boot timer: write 123; at +8 boot marks 0x40 and 0x41\n"
        "  0x0000effea000 - 0x0000effeafff  PL061: power button on pin 3, interrupt 36\n"
        "  interrupt 20                           virtual timer\n");
}

TEST_CASE("dry run: an arm64 machine's RAM goes on behind the gap below 4 GiB", "[vmm][dry-run]") {
  Arm64 machine;
  machine.config.device_tree = true;
  machine.config.memory_bytes = std::uint64_t{4} << 30;
  CHECK(part(describe(machine.config), "memory map\n", "in RAM\n") ==
        "memory map\n"
        "  0x000040000000 - 0x0000dfffffff  RAM\n"
        "  0x000100000000 - 0x00015fffffff  RAM\n");
}

TEST_CASE("dry run: an x86_64 machine", "[vmm][dry-run]") {
  const KernelFile kernel;
  MachineConfig config = base(vmm::Architecture::X86_64, kernel.path());
  config.serial[2] = {.kind = Kind::Listen, .path = "x.socket"};
  const std::string text = describe(config);
  CHECK(part(text, "machine ", "memory map\n") ==
        "machine  x86_64, 1 processor, 64M of RAM\n"
        "kernel   " +
            kernel.path() + ": ELF, entered at 0x200000 by the 64-bit boot protocol\n");
  CHECK(part(text, "in RAM\n", "devices\n") ==
        "in RAM\n"
        "  0x000000200000 - 0x000000200000  kernel\n");
  CHECK(part(text, "devices\n", "command line\n") ==
        "devices\n"
        "  port 0x3f8-0x3ff    COM1: 16550, IRQ 4, console\n"
        "  port 0x3e8-0x3ef    COM3: 16550, IRQ 4, listen=x.socket\n"
        "  port 0x070-0x071    CMOS clock, IRQ 8\n"
        "  port 0x400-0x436    ACPI power management, IRQ 9\n"
        "  port 0x080          boot marks 0x40 and 0x41\n"
        "  port 0x061          NMI status\n"
        "  port 0x092          fast reset\n"
        "  port 0x064          keyboard controller: reset only\n"
        "  port 0xcf9          reset control\n"
        "  0x0000c0000000 - 0x0000c0000fff  boot timer: write 123\n");
}

TEST_CASE("dry run: a kernel of the other architecture is refused", "[vmm][dry-run]") {
  const KernelFile pc_kernel;
  const Arm64 arm64;
  CHECK_THROWS_AS(describe(base(vmm::Architecture::Arm64, pc_kernel.path())), loader::LoadError);
  CHECK_THROWS_AS(describe(base(vmm::Architecture::X86_64, arm64.kernel.path())),
                  loader::LoadError);
}

TEST_CASE("dry run: virtio devices and their places, on either architecture", "[vmm][dry-run]") {
  const auto with_virtio = [](MachineConfig config) {
    config.virtio_console = {.kind = Kind::Listen, .path = "c.sock"};
    config.rng = true;
    config.disks = {{.path = "a.raw", .id = "root", .overlay = true}};
    config.networks = {{.kind = vmm::NetConfig::Kind::Tap, .tap_name = "tap0"},
                       {.forwards = {{.host_port = 8080, .guest_port = 80}},
                        .mac = platform::MacAddress{2, 0, 0, 0, 0, 1}}};
    return describe(config);
  };
  const KernelFile kernel;
  const std::string pc = with_virtio(base(vmm::Architecture::X86_64, kernel.path()));
  CHECK(pc.find("  0x0000c0010000 - 0x0000c0010fff  virtio console, listen=c.sock, interrupt 16\n"
                "  0x0000c0011000 - 0x0000c0011fff  virtio entropy, interrupt 17\n"
                "  0x0000c0012000 - 0x0000c0012fff  virtio disk root, 'a.raw', overlay, interrupt "
                "18\n"
                "  0x0000c0013000 - 0x0000c0013fff  virtio network, tap 'tap0', interrupt 19\n"
                "  0x0000c0014000 - 0x0000c0014fff  virtio network, user, 02:00:00:00:00:01, "
                "tcp:0.0.0.0:8080-:80, interrupt 20\n") != std::string::npos);
  const Arm64 machine;
  const std::string arm64 = with_virtio(machine.config);
  CHECK(
      arm64.find("  0x0000eff00000 - 0x0000eff00fff  virtio console, listen=c.sock, interrupt 48\n"
                 "  0x0000eff01000 - 0x0000eff01fff  virtio entropy, interrupt 49\n") !=
      std::string::npos);
}

TEST_CASE("dry run: virtio devices on a PCI bus", "[vmm][dry-run]") {
  const auto with_pci = [](MachineConfig config) {
    config.rng = true;
    config.virtio_transport = vmm::VirtioTransport::Pci;
    return describe(config);
  };
  const KernelFile kernel;
  const std::string pc = with_pci(base(vmm::Architecture::X86_64, kernel.path()));
  CHECK(pc.find("  0x0000e0000000 - 0x0000e00fffff  reserved\n") != std::string::npos);
  CHECK(pc.find("  0x0000e0000000 - 0x0000e00fffff  PCI configuration space\n"
                "  0x0000d0000000 - 0x0000d3ffffff  registers of PCI functions\n"
                "  port 0xc000-0xffff  registers of PCI functions\n"
                "  PCI 00:01.0                      virtio entropy\n") != std::string::npos);
  const Arm64 machine;
  CHECK(with_pci(machine.config)
            .find("  0x0000ef000000 - 0x0000ef0fffff  PCI configuration space\n"
                  "  0x0000eb000000 - 0x0000eeffffff  registers of PCI functions\n"
                  "  PCI 00:01.0                      virtio entropy\n") != std::string::npos);
}

TEST_CASE("dry run: virtio devices in pages and on a PCI bus, in one machine", "[vmm][dry-run]") {
  const KernelFile kernel;
  MachineConfig config = base(vmm::Architecture::X86_64, kernel.path());
  config.rng = true;
  config.disks = {{.path = "a.raw", .id = "a", .transport = vmm::VirtioTransport::Pci},
                  {.path = "b.raw", .id = "b"},
                  {.path = "c.raw", .id = "c", .transport = vmm::VirtioTransport::Pci}};
  CHECK(describe(config).find(
            "  0x0000c0010000 - 0x0000c0010fff  virtio entropy, interrupt 16\n"
            "  0x0000c0011000 - 0x0000c0011fff  virtio disk b, 'b.raw', interrupt 17\n"
            "  0x0000e0000000 - 0x0000e00fffff  PCI configuration space\n"
            "  0x0000d0000000 - 0x0000d3ffffff  registers of PCI functions\n"
            "  port 0xc000-0xffff  registers of PCI functions\n"
            "  PCI 00:01.0                      virtio disk a, 'a.raw'\n"
            "  PCI 00:02.0                      virtio disk c, 'c.raw'\n") != std::string::npos);
}

TEST_CASE("dry run: a PCI bus without functions is not there", "[vmm][dry-run]") {
  const KernelFile kernel;
  MachineConfig config = base(vmm::Architecture::X86_64, kernel.path());
  config.virtio_transport = vmm::VirtioTransport::Pci;
  CHECK(describe(config).find("PCI") == std::string::npos);
}
