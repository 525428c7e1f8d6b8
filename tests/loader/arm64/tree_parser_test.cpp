#include "loader/arm64/tree_parser.hpp"

#include <functional>

#include "tests/loader/arm64/dtc.hpp"
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

/// A tree of ours that somebody else has been at.
class Edited {
 public:
  explicit Edited(const Bytes& tree) : bytes_(tree.size() + 0x2000) {
    REQUIRE(::fdt_open_into(tree.data(), bytes_.data(), static_cast<int>(bytes_.size())) == 0);
  }
  explicit Edited(const Machine& machine) : Edited{machine_tree(machine, {})} {}

  Edited& set(const std::string& path, const char* property, const Bytes& value) {
    REQUIRE(::fdt_setprop(bytes_.data(), offset(path), property, value.data(),
                          static_cast<int>(value.size())) == 0);
    return *this;
  }
  Edited& set(const std::string& path, const char* property, FlatTree::Numbers cells) {
    Bytes value(cells.size() * 4);
    for (std::size_t at = 0; at < cells.size(); ++at) {
      ::fdt32_st(value.data() + at * 4, cells[at]);
    }
    return set(path, property, value);
  }
  Edited& set(const std::string& path, const char* property, const char* text) {
    const std::span value{text, std::strlen(text) + 1};
    return set(path, property, Bytes(std::as_bytes(value).begin(), std::as_bytes(value).end()));
  }
  Edited& remove(const std::string& path, const char* property) {
    REQUIRE(::fdt_delprop(bytes_.data(), offset(path), property) == 0);
    return *this;
  }
  Edited& remove(const std::string& path) {
    REQUIRE(::fdt_del_node(bytes_.data(), offset(path)) == 0);
    return *this;
  }
  Edited& add(const std::string& path, const char* name) {
    REQUIRE(::fdt_add_subnode(bytes_.data(), offset(path), name) >= 0);
    return *this;
  }
  [[nodiscard]] FlatTree::Numbers cells(const std::string& path, const char* property) {
    REQUIRE(::fdt_pack(bytes_.data()) == 0);
    bytes_.resize(fdt_totalsize(bytes_.data()));
    return FlatTree{bytes_}.cells(path, property);
  }
  [[nodiscard]] Machine parsed() const { return parse_machine_tree(bytes_); }
  [[nodiscard]] Chosen chosen() const { return parse_chosen(bytes_); }

 private:
  [[nodiscard]] int offset(const std::string& path) const {
    const int node = ::fdt_path_offset(bytes_.data(), path.c_str());
    INFO(path);
    REQUIRE(node >= 0);
    return node;
  }
  Bytes bytes_;
};

Edited full() {
  return Edited{samples::full_machine()};
}

constexpr const char* gic = "/interrupt-controller@ffff0000";

constexpr const char* gpio = "/gpio@effed000";
constexpr const char* power_key = "/gpio-keys/power-button";

/// Parses to a machine and a Chosen, or is refused in one line.
void check_survives(const Bytes& tree) {
  for (const std::function<void()>& parse :
       {std::function<void()>{[&] { (void)parse_machine_tree(tree); }},
        {[&] { (void)parse_chosen(tree); }}}) {
    try {
      parse();
    } catch (const BadImage& error) {
      const std::string message = error.what();
      if (!message.starts_with("device tree: ") || message.find('\n') != std::string::npos) {
        FAIL_CHECK(message);
      }
    }
  }
}

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
  CHECK(machine.serial_ports ==
        std::vector<SerialPort>{{{0x1000'1000}, Gsi{38}}, {{0x1000'0000}, Gsi{37}}});
  CHECK_FALSE(machine.rtc);
  CHECK(machine.mmio_windows ==
        MmioWindows{{{0xE000'0000}, 0x2000'0000}, AddressRange{{0xF'0000'0000}, 0x1'0000'0000}});
}

TEST_CASE("tree parser: what is disabled does not exist", "[loader][tree]") {
  Machine machine = samples::full_machine();
  Edited edited = full();
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
  CHECK(Edited{machine}.set("/cpus/cpu@1", "status", "disabled").parsed() == machine);
  CHECK(Edited{machine}.set("/cpus/cpu@1", "status", "fail").parsed().processors.size() == 2);
  CHECK(Edited{machine}
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
  Edited edited{stub_tree(samples::full_chosen())};
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

TEST_CASE("tree parser: what is wrong is named", "[loader][tree]") {
  using Numbers = FlatTree::Numbers;
  struct Case {
    const char* path;
    const char* property;
    Numbers cells;
    const char* complaint;
  };
  const char* const v2m = "/interrupt-controller@ffff0000/v2m@effe8000";
  const std::uint32_t gpio_phandle = full().cells(gpio, "phandle").at(0);
  const Case cases[] = {
      {"/", "#address-cells", {3}, "/memory@40000000: reg: found 3 address and 2 size cells"},
      {"/", "#size-cells", {1, 1}, "/: #size-cells: found 8 bytes, expected 4"},
      {"/cpus", "#address-cells", {0}, "/cpus/cpu@0: reg: found 0 address"},
      {"/cpus", "#size-cells", {1}, "/cpus/cpu@0: reg: found 8 bytes, expected a multiple of 12"},
      {"/cpus/cpu@1", "reg", {0, 0x8000'0001}, "/cpus/cpu@1: reg: found 0x80000001"},
      {"/cpus/cpu@1", "reg", {0, 0}, "/cpus: reg: found two processors 0x0"},
      {"/cpus/cpu@1", "numa-node-id", {256}, "/cpus/cpu@1: numa-node-id: found 256"},
      {"/memory@40000000", "reg", {~0u, ~0u, 0, 1}, "/memory@40000000: reg: found 0x1 bytes at"},
      {"/memory@40000000", "reg", {1, 0x1000, 0, 0x1000}, "/: memory: found two ranges over"},
      {"/distance-map", "distance-matrix", {0, 2, 10}, "/distance-map: distance-matrix: found 10"},
      {"/distance-map",
       "distance-matrix",
       {0, 1, 256},
       "/distance-map: distance-matrix: found 256"},
      {"/distance-map", "distance-matrix", {0, 1}, "found 8 bytes, expected a multiple of 12"},
      {gic, "reg", {0, 0, 0, 0x1'0000}, "reg: found 1 ranges, expected number 2"},
      {gic, "reg", {0, 0, 0, 0x1'0000, 0, 0, 0, 0x3'0000}, "number 2 to have 0x40000 bytes"},
      {gic, "#interrupt-cells", {2}, "#interrupt-cells: found 2, expected 3 or 4"},
      {gic, "#redistributor-regions", {2}, "#redistributor-regions: found 2, expected 1"},
      {gic, "redistributor-stride", {0, 0x4'0000}, "redistributor-stride: found 0x40000"},
      {gic, "phandle", {99}, "/timer: interrupt-parent: found 1"},
      {gic, "ranges", {0, 0, 0, 0, 0, 0x1000}, "ranges: found 24 bytes, expected none"},
      {v2m, "reg", {0, 0, 0, 0xFFF}, "v2m@effe8000: reg: found 1 ranges"},
      {v2m, "arm,msi-base-spi", {31}, "device tree: gic_msi: found 64 interrupts from 31 on"},
      {v2m, "arm,msi-num-spis", {0}, "device tree: gic_msi: found 0"},
      {v2m, "arm,msi-num-spis", {}, "v2m@effe8000: arm,msi-num-spis: found 0 bytes"},
      {"/timer",
       "interrupts",
       {1, 40, 4, 1, 40, 4},
       "/timer: interrupts: found number 40 of kind 1"},
      {"/timer",
       "interrupts",
       {0, 4, 4, 0, 4, 4},
       "/timer: interrupts: found 2, expected number 2"},
      {"/timer", "interrupts", {1, 4, 4}, "/timer: interrupts: found 1, expected number 2"},
      {"/timer", "interrupts", {1, 4, 4, 1, 14, 4}, "virt_timer_ppi: found interrupt 30"},
      {"/timer", "interrupt-parent", {7}, "/timer: interrupt-parent: found 7"},
      {"/pmu", "interrupts", {1, 16, 4}, "/pmu: interrupts: found number 16 of kind 1"},
      {"/pmu", "interrupts", {1, 4, 4}, "device tree: pmu_gsiv: found interrupt 20"},
      {"/pmu", "interrupts", {}, "/pmu: interrupts: found 0 bytes"},
      {"/serial@effec000", "interrupts", {0, 960, 4}, "/serial@effec000: interrupts: found number"},
      {"/serial@effec000", "interrupts", {2, 1, 4}, "found number 1 of kind 2"},
      {"/serial@effec000", "reg", {0, 0, 0, 0xFFF}, "/serial@effec000: reg: found 1 ranges"},
      {"/rtc@effea000", "reg", {0, 0}, "/rtc@effea000: reg: found 8 bytes"},
      {"/virtio@ef000000", "interrupts", {0}, "/virtio@ef000000: interrupts: found 4 bytes"},
      {gpio, "#gpio-cells", {3}, "/gpio@effed000: #gpio-cells: found 3, expected 2"},
      {gpio, "reg", {0, 0, 0, 0xFFF}, "/gpio@effed000: reg: found 1 ranges"},
      {gpio, "interrupts", {0}, "/gpio@effed000: interrupts: found 4 bytes"},
      {gpio, "phandle", {1, 2}, "/gpio@effed000: phandle: found 8 bytes"},
      {power_key, "linux,code", {0, 116}, "power-button: linux,code: found 8 bytes"},
      {power_key, "gpios", {}, "/gpio-keys/power-button: gpios: found 0 bytes"},
      {power_key, "gpios", {gpio_phandle}, "power-button: gpios: found 1 cells, expected 3"},
      {power_key, "gpios", {gpio_phandle, 3, 0, 0}, "gpios: found 4 cells, expected 3"},
      {power_key, "gpios", {gpio_phandle, 8, 0}, "gpios: found pin 8 with flags 0x0, expected"},
      {power_key, "gpios", {gpio_phandle, 3, 1}, "gpios: found pin 3 with flags 0x1, expected"},
      {"/vmbus@e0000000", "interrupts", {0, 2, 1}, "/vmbus@e0000000: interrupts: found 1"},
      {"/vmbus@e0000000", "ranges", {0, 1, 0, 2, 1}, "ranges: found 0x2, expected the same"},
      {"/vmbus@e0000000", "ranges", {1, 0, 1, 0, 1}, "ranges: found 1 windows"},
      {"/vmbus@e0000000", "ranges", {0, ~0u, 0, ~0u, 2}, "ranges: found 1 windows"},
      {"/vmbus@e0000000", "ranges", {0, 0, 0, 0, 1, 0, 1, 0, 1, 1}, "ranges: found 2 windows"},
      {"/vmbus@e0000000", "#address-cells", {3}, "/vmbus@e0000000: ranges: found 3 address"},
      {"/vmbus@e0000000", "ranges", {}, "/vmbus@e0000000: ranges: found 0 bytes"},
  };
  for (const Case& wrong : cases) {
    CAPTURE(wrong.path, wrong.property);
    CHECK_BAD_IMAGE(full().set(wrong.path, wrong.property, wrong.cells).parsed(), wrong.complaint);
  }
}

TEST_CASE("tree parser: what is missing is named", "[loader][tree]") {
  for (const auto& [path, property] : {std::pair{"/cpus/cpu@0", "reg"},
                                       {"/memory@40000000", "reg"},
                                       {"/distance-map", "distance-matrix"},
                                       {gic, "reg"},
                                       {gic, "ranges"},
                                       {gic, "#interrupt-cells"},
                                       {"/timer", "interrupts"},
                                       {"/serial@effec000", "reg"},
                                       {"/rtc@effea000", "interrupts"},
                                       {gpio, "#gpio-cells"},
                                       {gpio, "interrupts"},
                                       {"/virtio@ef000000", "reg"},
                                       {"/vmbus@e0000000", "ranges"}}) {
    CHECK_BAD_IMAGE(full().remove(path, property).parsed(),
                    std::string{path} + ": " + property + ": found none");
  }
  CHECK_BAD_IMAGE(full().remove("/", "interrupt-parent").parsed(),
                  "/timer: interrupt-parent: found none");
  CHECK_BAD_IMAGE(full().remove("/timer", "interrupt-names").parsed(),
                  "/timer: interrupts: found 2, expected number 3");
  CHECK_BAD_IMAGE(full().set("/timer", "interrupt-names", "phys").parsed(),
                  "/timer: interrupt-names: found no \"virt\"");
  CHECK_BAD_IMAGE(full().remove("/timer").parsed(), "/: timer: found none");
  CHECK_BAD_IMAGE(full().remove("/cpus/cpu@0").remove("/cpus/cpu@1").parsed(),
                  "/cpus: cpu: found none");
  CHECK(full().remove("/memory@40000000").remove("/memory@100000000").parsed().memory.empty());
}

TEST_CASE("tree parser: a power key that is elsewhere, or none, is passed over", "[loader][tree]") {
  Machine machine = samples::full_machine();
  machine.power_key.reset();
  const char* const keys = "/gpio-keys";
  for (const Edited& edited :
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
  Edited edited = full();
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

TEST_CASE("tree parser: two of what there is one of are refused", "[loader][tree]") {
  for (const char* kind : {"arm,gic-v3", "arm,gic-400", "arm,armv8-timer", "arm,armv8-pmuv3",
                           "arm,pl031", "microsoft,vmbus", "numa-distance-map-v1"}) {
    CHECK_BAD_IMAGE(full().add("/", "another").set("/another", "compatible", kind).parsed(),
                    "compatible: found a second node of this kind");
  }
  Edited messages = full();
  const std::string another = std::string{gic} + "/another";
  messages.add(gic, "another").set(another, "compatible", "arm,gic-v3-its");
  messages.set(another, "reg", FlatTree::Numbers{0, 0xEFFC'0000, 0, 0x2'0000});
  CHECK_BAD_IMAGE(messages.parsed(), "compatible: found a second receiver of messages");
}

TEST_CASE("tree parser: buses within buses come to an end", "[loader][tree]") {
  Edited edited = full();
  std::string path;
  for (int depth = 0; depth < 6; ++depth) {
    edited.add(path.empty() ? "/" : path, "bus");
    path += "/bus";
    edited.set(path, "compatible", "simple-bus").set(path, "ranges", Bytes{});
  }
  CHECK_BAD_IMAGE(edited.parsed(), "/bus/bus/bus/bus/bus: compatible: found one bus too many");
}

TEST_CASE("tree parser: a bus that translates addresses has nothing we know", "[loader][tree]") {
  Edited edited = full();
  edited.add("/", "bus").set("/bus", "compatible", "simple-bus");
  edited.set("/bus", "ranges", FlatTree::Numbers{0, 0, 0, 0xC00'0000, 0, 0x200'0000});
  edited.add("/bus", "inner").set("/bus/inner", "compatible", "simple-bus");
  edited.set("/bus/inner", "ranges", Bytes{});
  CHECK(edited.parsed() == samples::full_machine());
  edited.add("/bus/inner", "device").set("/bus/inner/device", "compatible", "virtio,mmio");
  CHECK_BAD_IMAGE(edited.parsed(), "/bus/inner/device: reg: found it on a bus that translates");
  edited.set("/bus", "ranges", Bytes{}).remove("/bus/inner", "ranges");
  CHECK_BAD_IMAGE(edited.parsed(), "/bus/inner/device: reg: found it on a bus that translates");
}

TEST_CASE("tree parser: a GICv2 with nine processors, or an ITS, is refused", "[loader][tree]") {
  CHECK_BAD_IMAGE(Edited{samples::bare_machine(9)}.set(gic, "compatible", "arm,gic-400").parsed(),
                  "gic_version: found a GICv2 and 9 processors");
  Machine machine = samples::bare_machine();
  machine.platform.gic_msi = GicIts{{0xEFFC'0000}};
  CHECK_BAD_IMAGE(Edited{machine}.set(gic, "compatible", "arm,gic-400").parsed(),
                  "gic_msi: found an ITS beside a GICv2");
}

TEST_CASE("tree parser: a message is one line, whatever a node is called", "[loader][tree]") {
  Edited edited = full();
  edited.add("/", "a\nb\x80").set("/a\nb\x80", "status", Bytes{std::byte{'x'}});
  CHECK_BAD_IMAGE(edited.parsed(), "device tree: /a?b?: status: found a text without an end");
}

TEST_CASE("tree parser: no part of a tree is a tree", "[loader][tree]") {
  const Bytes tree = machine_tree(samples::full_machine(), samples::full_chosen());
  for (std::size_t size = 0; size < tree.size(); ++size) {
    Bytes part(tree.begin(), tree.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_THROWS_AS(parse_machine_tree(part), BadImage);
    CHECK_THROWS_AS(parse_chosen(part), BadImage);
    if (size < sizeof(fdt_header)) continue;
    fdt_set_totalsize(part.data(), static_cast<std::uint32_t>(size));
    check_survives(part);
  }
  CHECK_BAD_IMAGE(parse_machine_tree(Bytes(0x20'0001)), "found 2097153 bytes");
}

TEST_CASE("tree parser: a property of any size is one, or refused", "[loader][tree]") {
  const Bytes tree = machine_tree(samples::full_machine(), samples::full_chosen());
  int properties = 0;
  for (int node = 0; node >= 0; node = ::fdt_next_node(tree.data(), node, nullptr)) {
    int property = 0;
    fdt_for_each_property_offset(property, tree.data(), node) {
      ++properties;
      const char* name = nullptr;
      ::fdt_getprop_by_offset(tree.data(), property, &name, nullptr);
      for (const std::size_t size : {0, 1, 2, 3, 4, 5, 8, 12, 16, 20, 32, 1000}) {
        for (const std::byte filling : {std::byte{0}, std::byte{1}, std::byte{0xFF}}) {
          Bytes edited(tree.size() + 0x1000);
          ::fdt_open_into(tree.data(), edited.data(), static_cast<int>(edited.size()));
          const Bytes value(size, filling);
          REQUIRE(::fdt_setprop(edited.data(), node, name, value.data(), static_cast<int>(size)) ==
                  0);
          check_survives(edited);
        }
      }
    }
  }
  CHECK(properties > 90);
}

TEST_CASE("tree parser: a tree with any byte changed is one, or refused", "[loader][large][tree]") {
  const Bytes tree = machine_tree(samples::full_machine(), samples::full_chosen());
  for (std::size_t at = 0; at < tree.size(); ++at) {
    for (const std::byte change : {std::byte{0x01}, std::byte{0x80}, std::byte{0xFF}}) {
      Bytes changed = tree;
      changed[at] ^= change;
      check_survives(changed);
    }
  }
}

TEST_CASE("tree parser: a name that is looked for again and again is short", "[loader][tree]") {
  Bytes tree(0x10'0000, std::byte{'a'});
  const Bytes small = stub_tree({});
  std::copy(small.begin(), small.end(), tree.begin());
  fdt_set_totalsize(tree.data(), static_cast<std::uint32_t>(tree.size()));
  const std::uint32_t names = fdt_off_dt_strings(small.data());
  fdt_set_size_dt_strings(tree.data(), static_cast<std::uint32_t>(tree.size()) - names);
  CHECK_BAD_IMAGE(parse_machine_tree(tree), "found a property name without an end");
}
