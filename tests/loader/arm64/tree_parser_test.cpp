#include "loader/arm64/tree_parser.hpp"

#include "tests/loader/arm64/dtc.hpp"
#include "tests/loader/arm64/edited_tree.hpp"
#include "tests/loader/arm64/flat_tree.hpp"
#include "tests/loader/arm64/sample_machines.hpp"
#include "tests/loader/guest_ram.hpp"

using namespace loader::arm64;
using namespace platform::arm64;
using platform::Gsi;

namespace {

/// What a tree can say of a machine.
Machine shown(Machine machine) {
  const PlatformConfig defaults{
      .gic_distributor_base = {}, .gic_version = {}, .gic_msi = {}, .pmu_gsiv = {}};
  machine.power_button.reset();
  machine.platform.gic_nr_irqs = defaults.gic_nr_irqs;
  machine.platform.hypervisor_vendor_identity = defaults.hypervisor_vendor_identity;
  if (!machine.has_vmbus) {
    machine.mmio_windows.reset();
    machine.platform.vmbus_ppi = defaults.vmbus_ppi;
  }
  return machine;
}

EditedTree full() {
  return EditedTree{samples::full_machine()};
}

constexpr const char* gic = "/interrupt-controller@ffff0000";

constexpr const char* gpio = "/gpio@effed000";
constexpr const char* power_key = "/gpio-keys/power-button";

}  // namespace

TEST_CASE("tree parser: what was written is read back", "[loader][tree]") {
  const Chosen chosen = samples::full_chosen();
  for (const Machine& machine : samples::all_machines()) {
    CAPTURE(machine.processors.size(), machine.platform.gic_msi.index());
    const Bytes tree = machine_tree(machine, chosen);
    CHECK(parse_machine_tree(tree) == shown(machine));
    CHECK(parse_chosen(tree) == chosen);
    CHECK(machine_tree(parse_machine_tree(tree), parse_chosen(tree)) == tree);
  }
}

TEST_CASE("tree parser: a stub has a /chosen and no machine", "[loader][tree]") {
  CHECK(parse_chosen(stub_tree(samples::full_chosen())) == samples::full_chosen());
  CHECK(parse_chosen(stub_tree({})) == Chosen{});
  CHECK_BAD_IMAGE(parse_machine_tree(stub_tree({})), "device tree: /: cpus: found none");
}

TEST_CASE("tree parser: a tree lies anywhere, with anything behind it", "[loader][tree]") {
  Bytes tree = machine_tree(samples::full_machine(), {});
  tree.resize(tree.size() + 100, std::byte{0xFF});
  for (std::size_t offset = 0; offset < 9; ++offset) {
    CHECK(parse_machine_tree(std::span{tree}.subspan(offset)) == samples::full_machine());
    tree.insert(tree.begin(), std::byte{0xEE});
  }
}

TEST_CASE("tree parser: a tree in another's manner", "[loader][tree][dtc]") {
  const Machine machine = parse_machine_tree(compiled(R"(/dts-v1/;
/ {
  #address-cells = <2>; #size-cells = <2>;
  interrupt-parent = <&intc>;
  compatible = "somebody,virt";
  fw-cfg@9020000 { compatible = "qemu,fw-cfg-mmio"; reg = <0 0x9020000 0 0x18>; };
  platform-bus@c000000 {
    compatible = "qemu,platform", "simple-bus"; interrupt-parent = <&intc>;
    #address-cells = <1>; #size-cells = <1>; ranges = <0 0 0xc000000 0x2000000>;
  };
  memory@40000000 { device_type = "memory"; reg = <0 0x40000000 0 0x8000000>; };
  pins: pl061@9030000 {
    clock-names = "apb_pclk"; clocks = <&clk>; interrupts = <0 7 4>;
    gpio-controller; #gpio-cells = <2>;
    compatible = "arm,pl061", "arm,primecell"; reg = <0 0x9030000 0 0x1000>;
  };
  gpio-keys {
    compatible = "gpio-keys";
    poweroff { gpios = <&pins 3 0>; linux,code = <116>; label = "GPIO Key Poweroff"; };
  };
  virtio_mmio@a000000 {
    dma-coherent; interrupts = <0 0x10 1>; reg = <0 0xa000000 0 0x200>; compatible = "virtio,mmio";
  };
  pl031@9010000 {
    clock-names = "apb_pclk"; clocks = <&clk>; interrupts = <0 2 4>;
    reg = <0 0x9010000 0 0x1000>; compatible = "arm,pl031", "arm,primecell";
  };
  pl011@9040000 {
    interrupts = <0 8 4>; reg = <0 0x9040000 0 0x1000>; status = "disabled";
    compatible = "arm,pl011", "arm,primecell";
  };
  pl011@9000000 {
    clock-names = "uartclk", "apb_pclk"; clocks = <&clk &clk>; interrupts = <0 1 4>;
    reg = <0 0x9000000 0 0x1000>; compatible = "arm,pl011", "arm,primecell";
  };
  pmu { interrupts = <1 7 4>; compatible = "arm,armv8-pmuv3"; };
  intc: intc@8000000 {
    interrupts = <1 9 4>; reg = <0 0x8000000 0 0x10000>, <0 0x80a0000 0 0xf60000>;
    #redistributor-regions = <1>; compatible = "arm,gic-v3"; ranges;
    #size-cells = <2>; #address-cells = <2>; interrupt-controller; #interrupt-cells = <3>;
    its@8080000 {
      #msi-cells = <1>; reg = <0 0x8080000 0 0x20000>; msi-controller; compatible = "arm,gic-v3-its";
    };
  };
  cpus {
    #size-cells = <0>; #address-cells = <1>;
    cpu-map { socket0 { cluster0 { core0 { cpu = <&cpu0>; }; }; }; };
    cpu0: cpu@0 { reg = <0>; compatible = "arm,cortex-a57"; device_type = "cpu"; };
    cpu@1 {
      reg = <1>; compatible = "arm,cortex-a57"; device_type = "cpu";
      enable-method = "psci"; status = "disabled";
    };
    cpu@2 { reg = <2>; compatible = "arm,cortex-a57"; device_type = "cpu"; status = "fail"; };
  };
  timer {
    interrupts = <1 13 4>, <1 14 4>, <1 11 4>, <1 10 4>; always-on;
    compatible = "arm,armv8-timer", "arm,armv7-timer";
  };
  clk: apb-pclk { clock-frequency = <24000000>; #clock-cells = <0>; compatible = "fixed-clock"; };
  chosen { stdout-path = "/pl011@9000000"; };
};
)"));
  const PlatformConfig platform{.gic_distributor_base = {0x800'0000},
                                .gic_version = GicV3{{0x80A'0000}},
                                .gic_msi = GicIts{{0x808'0000}},
                                .pmu_gsiv = Gsi{23},
                                .virt_timer_ppi = Gsi{27}};
  CHECK(machine == Machine{.platform = platform,
                           .processors = {{0}, {1}},
                           .memory = {{{{0x4000'0000}, 0x800'0000}}},
                           .serial_ports = {{{0x900'0000}, Gsi{33}}},
                           .rtc = Rtc{{0x901'0000}, Gsi{34}},
                           .power_key = PowerKey{{0x903'0000}, Gsi{39}, 3},
                           .virtio_mmio = {{{{0xA00'0000}, 0x200}, Gsi{48}}}});
}

TEST_CASE("tree parser: buses, cells of one, and interrupt parents further up",
          "[loader][tree][dtc]") {
  // Not as the specification would have it: there, addresses that stay the same have as many cells.
  const Machine machine = parse_machine_tree(compiled(R"(/dts-v1/;
/ {
  #address-cells = <1>; #size-cells = <1>;
  interrupt-parent = <&gic>;
  aliases { console = "/soc/bus@10000000/serial@10001000"; };
  chosen { stdout-path = "console"; };
  cpus {
    #size-cells = <0>; #address-cells = <2>;
    cpu@100000001 { reg = <1 1>; device_type = "cpu"; numa-node-id = <1>; };
  };
  memory@80000000 {
    device_type = "memory"; numa-node-id = <1>;
    reg = <0xc0000000 0x1000>, <0x80000000 0x1000>, <0x90000000 0>;
  };
  distance-map { compatible = "numa-distance-map-v1"; distance-matrix = <0 0 10>, <0 1 30>, <1 1 10>; };
  soc {
    #address-cells = <2>; #size-cells = <1>; ranges; compatible = "simple-bus";
    gic: interrupt-controller@8000000 {
      compatible = "arm,gic-400"; interrupt-controller; #interrupt-cells = <3>; #address-cells = <0>;
      reg = <0 0x8000000 0x1000>, <0 0x8010000 0x2000>;
    };
    timer {
      compatible = "arm,armv8-timer"; interrupt-names = "virt", "phys";
      interrupts = <1 4 0x108>, <1 14 0x108>;
    };
    bus@10000000 {
      #address-cells = <1>; #size-cells = <2>; ranges; compatible = "another", "simple-bus";
      serial@10000000 { compatible = "arm,pl011"; reg = <0x10000000 0 0x1000>; interrupts = <0 5 4>; };
      serial@10001000 { compatible = "arm,pl011"; reg = <0x10001000 0 0x1000>; interrupts = <0 6 4>; };
      vmbus@e0000000 {
        compatible = "microsoft,vmbus"; #address-cells = <2>; #size-cells = <1>;
        ranges = <0x1 0x0 0x1 0x1000>; interrupts = <1 2 1>; status = "disabled";
      };
    };
    pcie@3f000000 {
      compatible = "pci-host-ecam-generic"; device_type = "pci"; #address-cells = <3>; #size-cells = <2>;
      reg = <0 0x3f000000 0x1000000>; bus-range = <0 15>;
      ranges = <0x1000000 0 0 0 0x3eff0000 0 0x10000>, <0x2000000 0 0x10000000 0 0x10000000 0 0x2eff0000>,
               <0x3000000 0x80 0 0x80 0 0x80 0>;
    };
    vmbus@e0000000 {
      compatible = "microsoft,vmbus"; #address-cells = <2>; #size-cells = <2>; interrupts = <1 3 1>;
      ranges = <0xf 0x0 0xf 0x0 1 0>, <0 0xe0000000 0 0xe0000000 0 0x20000000>;
    };
  };
  elsewhere {
    #address-cells = <3>; #size-cells = <0>; compatible = "a,kind-nobody-knows";
    device@1 { reg = <0 0 1>; compatible = "arm,pl031"; };
  };
};
)",
                                                      "-q"));
  CHECK(machine.processors == std::vector<Processor>{{0x1'0000'0001, 1}});
  CHECK(machine.memory ==
        std::vector<Memory>{{{{0x8000'0000}, 0x1000}, 1}, {{{0xC000'0000}, 0x1000}, 1}});
  CHECK(machine.node_distances == std::vector<std::uint8_t>{10, 30, 30, 10});
  CHECK(machine.platform.gic_version == GicVersion{GicV2{{0x801'0000}}});
  CHECK(machine.platform.virt_timer_ppi == Gsi{20});
  CHECK(machine.platform.vmbus_ppi == Gsi{19});
  CHECK(machine.pci == loader::PciHost{{{0x3F00'0000}, 0x100'0000}, {{0x1000'0000}, 0x2EFF'0000}});
  CHECK(machine.serial_ports ==
        std::vector<SerialPort>{{{0x1000'1000}, Gsi{38}}, {{0x1000'0000}, Gsi{37}}});
  CHECK_FALSE(machine.rtc);
  CHECK(machine.mmio_windows ==
        MmioWindows{{{0xE000'0000}, 0x2000'0000}, AddressRange{{0xF'0000'0000}, 0x1'0000'0000}});
}

TEST_CASE("tree parser: what is disabled does not exist", "[loader][tree]") {
  Machine machine = samples::full_machine();
  EditedTree edited = full();
  for (const char* path : {"/serial@effec000", "/rtc@effea000", "/virtio@ef000000", "/pmu",
                           "/vmbus@e0000000", "/memory@100000000", "/distance-map"}) {
    edited.set(path, "status", "disabled");
  }
  edited.set("/timer", "status", "ok").set("/serial@effeb000", "status", "okay");
  edited.set(std::string{gic} + "/v2m@effe8000", "status", "disabled");
  machine.serial_ports.erase(machine.serial_ports.begin());
  machine.rtc.reset();
  machine.virtio_mmio.erase(machine.virtio_mmio.begin());
  machine.platform.pmu_gsiv.reset();
  machine.platform.gic_msi = NoMsi{};
  machine.has_vmbus = false;
  machine.memory.pop_back();
  machine.node_distances.clear();
  CHECK(edited.parsed() == shown(machine));
  CHECK_BAD_IMAGE(full().set("/timer", "status", "disabled").parsed(), "/: timer: found none");
  CHECK_BAD_IMAGE(full().set(gic, "status", "disabled").parsed(), "interrupt-controller");
}

TEST_CASE("tree parser: a processor that waits for PSCI exists, one that failed does not",
          "[loader][tree]") {
  const Machine machine = samples::full_machine(3);
  CHECK(EditedTree{machine}.set("/cpus/cpu@1", "status", "disabled").parsed() == machine);
  CHECK(EditedTree{machine}.set("/cpus/cpu@1", "status", "fail").parsed().processors.size() == 2);
  CHECK(EditedTree{machine}
            .set("/cpus/cpu@1", "status", "disabled")
            .remove("/cpus/cpu@1", "enable-method")
            .parsed()
            .processors.size() == 2);
}

TEST_CASE("tree parser: no VMBus, so its interrupt is one that is free", "[loader][tree]") {
  Machine machine = samples::bare_machine();
  machine.platform.virt_timer_ppi = Gsi{18};
  machine.platform.vmbus_ppi = Gsi{17};
  machine.platform.pmu_gsiv = Gsi{16};
  CHECK(parse_machine_tree(machine_tree(machine, {})) == machine);
}

TEST_CASE("tree parser: the console is what stdout-path leads to", "[loader][tree]") {
  const auto ports = samples::full_machine().serial_ports;
  const auto first = [](const Machine& machine) { return machine.serial_ports.at(0); };
  CHECK(first(full().set("/chosen", "stdout-path", "serial1").parsed()) == ports[1]);
  CHECK(first(full().set("/chosen", "stdout-path", "/serial@effeb000:9600").parsed()) == ports[1]);
  for (const char* elsewhere : {"", ":", "/", "/nowhere", "nobody", "/timer", "serial"}) {
    CHECK(first(full().set("/chosen", "stdout-path", elsewhere).parsed()) == ports[0]);
  }
  // Aliases of aliases, around and around.
  CHECK(first(full()
                  .set("/aliases", "serial1", "serial1")
                  .set("/chosen", "stdout-path", "serial1")
                  .parsed()) == ports[0]);
}

TEST_CASE("tree parser: an initrd of one cell, and none of no bytes", "[loader][tree]") {
  EditedTree edited{stub_tree(samples::full_chosen())};
  edited.set("/chosen", "linux,initrd-start", FlatTree::Numbers{0x1000});
  edited.set("/chosen", "linux,initrd-end", FlatTree::Numbers{0x3000});
  CHECK(edited.chosen().initrd == AddressRange{{0x1000}, 0x2000});
  edited.set("/chosen", "linux,initrd-end", FlatTree::Numbers{0, 0x1000});
  CHECK_FALSE(edited.chosen().initrd);
  edited.set("/chosen", "linux,initrd-end", FlatTree::Numbers{0xFFF});
  CHECK_BAD_IMAGE(edited.chosen(), "/chosen: linux,initrd-end: found 0xfff, expected 0x1000");
  edited.remove("/chosen", "linux,initrd-end");
  CHECK_BAD_IMAGE(edited.chosen(), "/chosen: linux,initrd-end: found none");
}

TEST_CASE("tree parser: a power key that is elsewhere, or none, is passed over", "[loader][tree]") {
  Machine machine = samples::full_machine();
  machine.power_key.reset();
  const char* const keys = "/gpio-keys";
  for (const EditedTree& edited :
       {full().set(power_key, "gpios", FlatTree::Numbers{1, 3, 0}),
        full().set(power_key, "gpios", FlatTree::Numbers{99, 3, 0, 0, 0}),
        full().set(power_key, "linux,code", FlatTree::Numbers{142}),
        full().remove(power_key, "linux,code"), full().remove(power_key, "gpios"),
        full().set(power_key, "status", "disabled"), full().set(keys, "status", "disabled"),
        full().set(gpio, "status", "disabled"), full().remove(gpio, "phandle"), full().remove(gpio),
        full().remove(keys)}) {
    CHECK(edited.parsed() == machine);
  }
}

TEST_CASE("tree parser: one power key among others", "[loader][tree]") {
  EditedTree edited = full();
  const std::uint32_t phandle = full().cells(gpio, "phandle").at(0);
  edited.add("/", "more-keys").set("/more-keys", "compatible", "gpio-keys");
  edited.add("/more-keys", "key").set("/more-keys/key", "linux,code", FlatTree::Numbers{142});
  edited.set("/more-keys/key", "gpios", FlatTree::Numbers{phandle, 5, 1});
  edited.add("/", "more-pins").set("/more-pins", "compatible", "arm,pl061");
  CHECK(edited.parsed() == samples::full_machine());
  edited.set("/more-keys/key", "linux,code", FlatTree::Numbers{116});
  edited.set("/more-keys/key", "gpios", FlatTree::Numbers{phandle, 5, 0});
  CHECK_BAD_IMAGE(edited.parsed(), "linux,code: found a second power key, expected one");
}
