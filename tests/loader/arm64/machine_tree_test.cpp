#include "loader/arm64/machine_tree.hpp"

#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "loader/image.hpp"
#include "tests/loader/arm64/flat_tree.hpp"
#include "tests/loader/arm64/sample_machines.hpp"

using namespace loader::arm64;
using namespace platform::arm64;
using loader::Bytes;
using loader::LoadError;
using platform::Gsi;
using Numbers = FlatTree::Numbers;
using Texts = FlatTree::Texts;

namespace {

FlatTree tree_of(const Machine& machine, const Chosen& chosen = {}) {
  return FlatTree{machine_tree(machine, chosen)};
}

constexpr const char* gic = "/interrupt-controller@ffff0000";

#define CHECK_LOAD_ERROR(expression, text)    \
  CHECK_THROWS_MATCHES(expression, LoadError, \
                       Catch::Matchers::MessageMatches(Catch::Matchers::ContainsSubstring(text)))

}  // namespace

TEST_CASE("machine tree: a bare machine has nothing that does not exist", "[loader][tree]") {
  const FlatTree tree = tree_of(samples::bare_machine());
  CHECK(tree.children("/") == Texts{"chosen", "cpus", "psci", "memory@40000000",
                                    "interrupt-controller@ffff0000", "timer"});
  CHECK(tree.cells("/", "#address-cells") == Numbers{2});
  CHECK(tree.cells("/", "#size-cells") == Numbers{2});
  CHECK(tree.texts("/", "model") == Texts{"Mayfly"});
  CHECK(tree.texts("/", "compatible") == Texts{"linux,dummy-virt"});
  CHECK(tree.path_of(tree.cells("/", "interrupt-parent")[0]) == gic);
  CHECK(tree.texts("/chosen", "bootargs") == Texts{""});
  for (const char* absent :
       {"stdout-path", "linux,initrd-start", "linux,initrd-end", "rng-seed", "kaslr-seed",
        "linux,uefi-system-table", "linux,uefi-mmap-start", "linux,uefi-mmap-size",
        "linux,uefi-mmap-desc-size", "linux,uefi-mmap-desc-ver", "linux,uefi-secure-boot"}) {
    CHECK_FALSE(tree.has("/chosen", absent));
  }
  CHECK_FALSE(tree.has("/cpus/cpu@0", "numa-node-id"));
  CHECK_FALSE(tree.has("/memory@40000000", "numa-node-id"));
}

TEST_CASE("machine tree: processors by MPIDR, started by PSCI", "[loader][tree]") {
  Machine machine = samples::bare_machine(17);
  machine.processors.push_back({.mpidr = 0x12'0003'0201});
  const FlatTree tree = tree_of(machine);
  CHECK(tree.cells("/cpus", "#address-cells") == Numbers{2});
  CHECK(tree.cells("/cpus", "#size-cells") == Numbers{0});
  CHECK(tree.children("/cpus").size() == 19);  // and cpu-map
  for (const auto& [path, reg] : {std::pair{"/cpus/cpu@0", Numbers{0, 0}},
                                  {"/cpus/cpu@f", Numbers{0, 0xF}},
                                  {"/cpus/cpu@100", Numbers{0, 0x100}},
                                  {"/cpus/cpu@1200030201", Numbers{0x12, 0x3'0201}}}) {
    CHECK(tree.cells(path, "reg") == reg);
    CHECK(tree.texts(path, "device_type") == Texts{"cpu"});
    CHECK(tree.texts(path, "compatible") == Texts{"arm,armv8"});
    CHECK(tree.texts(path, "enable-method") == Texts{"psci"});
    CHECK_FALSE(tree.has(path, "status"));
  }
  CHECK(tree.texts("/psci", "compatible") == Texts{"arm,psci-1.0", "arm,psci-0.2"});
  CHECK(tree.texts("/psci", "method") == Texts{"hvc"});
}

TEST_CASE("machine tree: processors are the cores of a cluster for each node", "[loader][tree]") {
  Machine machine = samples::bare_machine(17);
  const FlatTree one = tree_of(machine);
  CHECK(one.children("/cpus").back() == "cpu-map");
  CHECK(one.children("/cpus/cpu-map") == Texts{"cluster0"});
  CHECK(one.children("/cpus/cpu-map/cluster0").size() == 17);
  const auto cpu = [](const FlatTree& tree, const std::string& core) {
    return tree.path_of(tree.cells("/cpus/cpu-map/" + core, "cpu").at(0));
  };
  CHECK(cpu(one, "cluster0/core0") == "/cpus/cpu@0");
  CHECK(cpu(one, "cluster0/core16") == "/cpus/cpu@100");

  for (const std::size_t index : {1, 3}) machine.processors[index].node = 7;
  const FlatTree two = tree_of(machine);
  CHECK(two.children("/cpus/cpu-map") == Texts{"cluster0", "cluster1"});
  CHECK(two.children("/cpus/cpu-map/cluster0").size() == 15);
  CHECK(two.children("/cpus/cpu-map/cluster1") == Texts{"core0", "core1"});
  CHECK(cpu(two, "cluster0/core1") == "/cpus/cpu@2");
  CHECK(cpu(two, "cluster1/core1") == "/cpus/cpu@3");
}

TEST_CASE("machine tree: a processor alone needs no map", "[loader][tree]") {
  const FlatTree tree = tree_of(samples::bare_machine());
  CHECK(tree.children("/cpus") == Texts{"cpu@0"});
  CHECK_FALSE(tree.has("/cpus/cpu@0", "phandle"));
}

TEST_CASE("machine tree: memory and processors of two nodes", "[loader][tree]") {
  Machine machine = samples::full_machine();
  const FlatTree tree = tree_of(machine);
  CHECK(tree.texts("/memory@40000000", "device_type") == Texts{"memory"});
  CHECK(tree.cells("/memory@40000000", "reg") == Numbers{0, 0x4000'0000, 0, 0x4000'0000});
  CHECK(tree.cells("/memory@100000000", "reg") == Numbers{1, 0, 0, 0x8000'0000});
  CHECK(tree.cells("/memory@40000000", "numa-node-id") == Numbers{0});
  CHECK(tree.cells("/memory@100000000", "numa-node-id") == Numbers{1});
  CHECK(tree.cells("/cpus/cpu@0", "numa-node-id") == Numbers{0});
  CHECK(tree.cells("/cpus/cpu@1", "numa-node-id") == Numbers{1});
  CHECK(tree.texts("/distance-map", "compatible") == Texts{"numa-distance-map-v1"});
  CHECK(tree.cells("/distance-map", "distance-matrix") ==
        Numbers{0, 0, 10, 0, 1, 25, 1, 0, 25, 1, 1, 10});
  machine.node_distances.clear();
  CHECK(tree_of(machine).cells("/distance-map", "distance-matrix") ==
        Numbers{0, 0, 10, 0, 1, 20, 1, 0, 20, 1, 1, 10});
}

TEST_CASE("machine tree: a GICv3 has a redistributor for each processor", "[loader][tree]") {
  const FlatTree tree = tree_of(samples::bare_machine(17));
  CHECK(tree.texts(gic, "compatible") == Texts{"arm,gic-v3"});
  CHECK(tree.cells(gic, "reg") ==
        Numbers{0, 0xFFFF'0000, 0, 0x1'0000, 0, 0xEFFF'0000, 0, 17 * 0x2'0000});
  CHECK(tree.cells(gic, "#interrupt-cells") == Numbers{3});
  CHECK(tree.has(gic, "interrupt-controller"));
  CHECK(tree.has(gic, "phandle"));
}

TEST_CASE("machine tree: a GICv2 is told which processors have a private interrupt",
          "[loader][tree]") {
  for (const auto& [processors, mask] : {std::pair{1u, 0x100u}, {3u, 0x700u}, {8u, 0xFF00u}}) {
    Machine machine = samples::full_machine(processors);
    machine.platform.gic_version = GicV2{{0xEFFF'0000}};
    const FlatTree tree = tree_of(machine);
    CHECK(tree.texts(gic, "compatible") == Texts{"arm,cortex-a15-gic"});
    CHECK(tree.cells(gic, "reg") == Numbers{0, 0xFFFF'0000, 0, 0x1000, 0, 0xEFFF'0000, 0, 0x2000});
    CHECK(tree.cells("/timer", "interrupts") == Numbers{1, 14, mask | 4, 1, 4, mask | 4});
    CHECK(tree.cells("/pmu", "interrupts") == Numbers{1, 7, mask | 4});
    CHECK(tree.cells("/vmbus@e0000000", "interrupts") == Numbers{1, 2, mask | 1});
    CHECK(tree.cells("/serial@effec000", "interrupts") == Numbers{0, 1, 4});
  }
}

TEST_CASE("machine tree: messages by v2m, by ITS, or none", "[loader][tree]") {
  Machine machine = samples::bare_machine();
  const FlatTree with_v2m = tree_of(machine);
  const std::string v2m = std::string{gic} + "/v2m@effe8000";
  CHECK(with_v2m.texts(v2m, "compatible") == Texts{"arm,gic-v2m-frame"});
  CHECK(with_v2m.has(v2m, "msi-controller"));
  CHECK(with_v2m.cells(v2m, "reg") == Numbers{0, 0xEFFE'8000, 0, 0x1000});
  CHECK(with_v2m.cells(v2m, "arm,msi-base-spi") == Numbers{928});
  CHECK(with_v2m.cells(v2m, "arm,msi-num-spis") == Numbers{64});
  CHECK(with_v2m.cells(gic, "#address-cells") == Numbers{2});
  CHECK(with_v2m.cells(gic, "#size-cells") == Numbers{2});
  CHECK(with_v2m.bytes(gic, "ranges").empty());

  machine.platform.gic_msi = GicIts{{0xEFFC'0000}};
  const FlatTree with_its = tree_of(machine);
  const std::string its = std::string{gic} + "/msi-controller@effc0000";
  CHECK(with_its.children(gic) == Texts{"msi-controller@effc0000"});
  CHECK(with_its.texts(its, "compatible") == Texts{"arm,gic-v3-its"});
  CHECK(with_its.has(its, "msi-controller"));
  CHECK(with_its.cells(its, "#msi-cells") == Numbers{1});
  CHECK(with_its.cells(its, "reg") == Numbers{0, 0xEFFC'0000, 0, 0x2'0000});

  machine.platform.gic_msi = NoMsi{};
  const FlatTree with_none = tree_of(machine);
  CHECK(with_none.children(gic).empty());
  CHECK_FALSE(with_none.has(gic, "ranges"));
}

TEST_CASE("machine tree: the timers of EL1, and the PMU", "[loader][tree]") {
  Machine machine = samples::bare_machine();
  machine.platform.virt_timer_ppi = Gsi{27};
  machine.platform.pmu_gsiv = Gsi{23};
  const FlatTree tree = tree_of(machine);
  CHECK(tree.texts("/timer", "compatible") == Texts{"arm,armv8-timer"});
  CHECK(tree.texts("/timer", "interrupt-names") == Texts{"phys", "virt"});
  CHECK(tree.cells("/timer", "interrupts") == Numbers{1, 14, 4, 1, 11, 4});
  CHECK(tree.has("/timer", "always-on"));
  CHECK(tree.texts("/pmu", "compatible") == Texts{"arm,armv8-pmuv3"});
  CHECK(tree.cells("/pmu", "interrupts") == Numbers{1, 7, 4});
}

TEST_CASE("machine tree: the first serial port is the console", "[loader][tree]") {
  const FlatTree tree = tree_of(samples::full_machine());
  const std::string path = tree.texts("/chosen", "stdout-path").at(0);
  CHECK(path == "serial0:115200n8");
  CHECK(tree.has(path.substr(0, path.find(':'))));
  CHECK(tree.texts("/aliases", "serial0") == Texts{"/serial@effec000"});
  CHECK(tree.texts("/aliases", "serial1") == Texts{"/serial@effeb000"});
  for (const auto& [node, base, spi] :
       {std::tuple{"serial0", 0xEFFE'C000u, 1u}, {"serial1", 0xEFFE'B000u, 2u}}) {
    CHECK(tree.texts(node, "compatible") == Texts{"arm,pl011", "arm,primecell"});
    CHECK(tree.cells(node, "reg") == Numbers{0, base, 0, 0x1000});
    CHECK(tree.cells(node, "interrupts") == Numbers{0, spi, 4});
    CHECK(tree.cells(node, "arm,primecell-periphid") == Numbers{0x34'1011});
    CHECK(tree.texts(node, "clock-names") == Texts{"uartclk", "apb_pclk"});
    for (const std::uint32_t clock : tree.cells(node, "clocks")) {
      CHECK(tree.path_of(clock) == "/clock-24000000");
    }
  }
  CHECK(tree.texts("/clock-24000000", "compatible") == Texts{"fixed-clock"});
  CHECK(tree.cells("/clock-24000000", "clock-frequency") == Numbers{24'000'000});
  CHECK(tree.cells("/clock-24000000", "#clock-cells") == Numbers{0});
}

TEST_CASE("machine tree: clock, virtio and VMBus", "[loader][tree]") {
  const FlatTree tree = tree_of(samples::full_machine());
  CHECK(tree.texts("/rtc@effea000", "compatible") == Texts{"arm,pl031", "arm,primecell"});
  CHECK(tree.cells("/rtc@effea000", "reg") == Numbers{0, 0xEFFE'A000, 0, 0x1000});
  CHECK(tree.cells("/rtc@effea000", "interrupts") == Numbers{0, 3, 4});
  CHECK_FALSE(tree.has("/rtc@effea000", "arm,primecell-periphid"));
  CHECK(tree.texts("/rtc@effea000", "clock-names") == Texts{"apb_pclk"});
  CHECK(tree.path_of(tree.cells("/rtc@effea000", "clocks").at(0)) == "/clock-24000000");
  CHECK(tree.texts("/virtio@ef001000", "compatible") == Texts{"virtio,mmio"});
  CHECK(tree.cells("/virtio@ef001000", "reg") == Numbers{0, 0xEF00'1000, 0, 0x1000});
  CHECK(tree.cells("/virtio@ef001000", "interrupts") == Numbers{0, 9, 1});
  CHECK(tree.has("/virtio@ef001000", "dma-coherent"));
  const char* const vmbus = "/vmbus@e0000000";
  CHECK(tree.texts(vmbus, "compatible") == Texts{"microsoft,vmbus"});
  CHECK(tree.cells(vmbus, "#address-cells") == Numbers{2});
  CHECK(tree.cells(vmbus, "#size-cells") == Numbers{1});
  CHECK(tree.cells(vmbus, "ranges") ==
        Numbers{0, 0xE000'0000, 0, 0xE000'0000, 0xF00'0000, 2, 0, 2, 0, 0x2000'0000});
  CHECK(tree.cells(vmbus, "interrupts") == Numbers{1, 2, 1});
  CHECK(tree.has(vmbus, "dma-coherent"));
}

TEST_CASE("machine tree: a PCI root complex, and who takes its messages", "[loader][tree]") {
  Machine machine = samples::full_machine();
  const char* const pcie = "/pcie@ef100000";
  {
    const FlatTree tree = tree_of(machine);
    CHECK(tree.texts(pcie, "compatible") == Texts{"pci-host-ecam-generic"});
    CHECK(tree.texts(pcie, "device_type") == Texts{"pci"});
    CHECK(tree.cells(pcie, "reg") == Numbers{0, 0xEF10'0000, 0, 0x10'0000});
    CHECK(tree.cells(pcie, "bus-range") == Numbers{0, 0});
    CHECK(tree.cells(pcie, "ranges") ==
          Numbers{0x200'0000, 0, 0xEB00'0000, 0, 0xEB00'0000, 0, 0x400'0000});
    CHECK(tree.has(pcie, "dma-coherent"));
    CHECK_FALSE(tree.has(pcie, "interrupt-map"));
    const Numbers messages = tree.cells(pcie, "msi-map");
    REQUIRE(messages.size() == 4);
    CHECK(messages == Numbers{0, messages[1], 0, 256});
    CHECK(tree.path_of(messages[1]) == "/interrupt-controller@ffff0000/v2m@effe8000");
  }
  machine.platform.gic_msi = GicIts{{0xEFFC'0000}};
  const FlatTree with_its = tree_of(machine);
  CHECK(with_its.path_of(with_its.cells(pcie, "msi-map").at(1)) ==
        "/interrupt-controller@ffff0000/msi-controller@effc0000");
  machine.platform.gic_msi = NoMsi{};
  CHECK_FALSE(tree_of(machine).has(pcie, "msi-map"));
  machine.pci.reset();
  CHECK_FALSE(tree_of(machine).has(pcie));
}

TEST_CASE("machine tree: a power key on a pin of a PL061", "[loader][tree]") {
  const FlatTree tree = tree_of(samples::full_machine());
  const char* const gpio = "/gpio@effed000";
  CHECK(tree.texts(gpio, "compatible") == Texts{"arm,pl061", "arm,primecell"});
  CHECK(tree.cells(gpio, "reg") == Numbers{0, 0xEFFE'D000, 0, 0x1000});
  CHECK(tree.cells(gpio, "interrupts") == Numbers{0, 4, 4});
  CHECK(tree.texts(gpio, "clock-names") == Texts{"apb_pclk"});
  CHECK(tree.path_of(tree.cells(gpio, "clocks").at(0)) == "/clock-24000000");
  CHECK(tree.has(gpio, "gpio-controller"));
  CHECK(tree.cells(gpio, "#gpio-cells") == Numbers{2});
  CHECK(tree.has(gpio, "interrupt-controller"));
  CHECK(tree.cells(gpio, "#interrupt-cells") == Numbers{2});
  CHECK(tree.cells(gpio, "#address-cells") == Numbers{0});
  CHECK_FALSE(tree.has(gpio, "arm,primecell-periphid"));
  CHECK(tree.texts("/gpio-keys", "compatible") == Texts{"gpio-keys"});
  CHECK(tree.children("/gpio-keys") == Texts{"power-button"});
  CHECK(tree.cells("/gpio-keys/power-button", "linux,code") == Numbers{116});
  const Numbers pin = tree.cells("/gpio-keys/power-button", "gpios");
  CHECK(pin.size() == 3);
  CHECK(tree.path_of(pin.at(0)) == gpio);
  CHECK(pin.at(1) == 3);
  CHECK(pin.at(2) == 0);
}

TEST_CASE("machine tree: a power button that is an edge is not shown", "[loader][tree]") {
  Machine machine = samples::bare_machine();
  const Bytes without = machine_tree(machine, {});
  machine.power_button = PowerButton{Gsi{36}};
  CHECK(machine_tree(machine, {}) == without);
}

TEST_CASE("machine tree: a VMBus window of 4 GiB takes two size cells", "[loader][tree]") {
  Machine machine = samples::full_machine();
  machine.mmio_windows->high = {{0x2'0000'0000}, 0x1'0000'0000};
  const FlatTree tree = tree_of(machine);
  CHECK(tree.cells("/vmbus@e0000000", "#size-cells") == Numbers{2});
  CHECK(tree.cells("/vmbus@e0000000", "ranges") ==
        Numbers{0, 0xE000'0000, 0, 0xE000'0000, 0, 0xF00'0000, 2, 0, 2, 0, 1, 0});
}

TEST_CASE("machine tree: MMIO windows alone are no device", "[loader][tree]") {
  Machine machine = samples::full_machine();
  machine.has_vmbus = false;
  CHECK_FALSE(tree_of(machine).has("/vmbus@e0000000"));
}

TEST_CASE("machine tree: what is chosen", "[loader][tree]") {
  const Chosen chosen = samples::full_chosen();
  for (const Bytes& bytes : {machine_tree(samples::full_machine(), chosen), stub_tree(chosen)}) {
    const FlatTree tree{bytes};
    CHECK(tree.texts("/chosen", "bootargs") == Texts{"console=ttyAMA0 quiet"});
    CHECK(tree.cells("/chosen", "linux,initrd-start") == Numbers{0, 0x4800'0000});
    CHECK(tree.cells("/chosen", "linux,initrd-end") == Numbers{0, 0x4923'4567});
    CHECK(tree.bytes("/chosen", "rng-seed") == chosen.rng_seed);
    CHECK(tree.cells("/chosen", "kaslr-seed") == Numbers{0x0123'4567, 0x89AB'CDEF});
    CHECK(tree.cells("/chosen", "linux,uefi-system-table") == Numbers{0, 0x4000'1000});
    CHECK(tree.cells("/chosen", "linux,uefi-mmap-start") == Numbers{0, 0x4000'2000});
    CHECK(tree.cells("/chosen", "linux,uefi-mmap-size") == Numbers{200});
    CHECK(tree.cells("/chosen", "linux,uefi-mmap-desc-size") == Numbers{40});
    CHECK(tree.cells("/chosen", "linux,uefi-mmap-desc-ver") == Numbers{1});
    CHECK(tree.cells("/chosen", "linux,uefi-secure-boot") == Numbers{2});
  }
}

TEST_CASE("machine tree: a stub has no node but /chosen", "[loader][tree]") {
  const FlatTree tree{stub_tree({.bootargs = "quiet"})};
  CHECK(tree.children("/") == Texts{"chosen"});
  CHECK(tree.cells("/", "#address-cells") == Numbers{2});
  CHECK(tree.cells("/", "#size-cells") == Numbers{2});
  CHECK_FALSE(tree.has("/", "interrupt-parent"));
  CHECK_FALSE(tree.has("/chosen", "stdout-path"));
}

TEST_CASE("machine tree: what no tree can show is refused", "[loader][tree]") {
  const auto complain = [](auto change) {
    Machine machine = samples::full_machine();
    change(machine);
    (void)machine_tree(machine, {});
  };
  CHECK_LOAD_ERROR(complain([](Machine& machine) { machine.serial_ports[0].interrupt = {15}; }),
                   "found interrupt 15, expected one in 16..991");
  CHECK_LOAD_ERROR(complain([](Machine& machine) { machine.rtc->interrupt = {992}; }),
                   "found interrupt 992, expected one in 16..991");
  CHECK_LOAD_ERROR(complain([](Machine& machine) { machine.power_key->interrupt = {0}; }),
                   "found interrupt 0, expected one in 16..991");
  CHECK_LOAD_ERROR(complain([](Machine& machine) { machine.power_key->pin = 8; }),
                   "power_key: found pin 8, expected one in 0..7");
  CHECK_LOAD_ERROR(complain([](Machine& machine) { machine.node_distances.pop_back(); }),
                   "node_distances: found 3, expected one for each two of 2 nodes");
  CHECK_LOAD_ERROR(complain([](Machine& machine) { machine.memory[0].node = ~0u; }),
                   "found NUMA node 4294967295, expected one in 0..255");
  CHECK_LOAD_ERROR(complain([](Machine& machine) { machine.mmio_windows.reset(); }),
                   "has_vmbus: found no mmio_windows");
  CHECK_LOAD_ERROR((void)stub_tree({.bootargs = std::string(0x20'0000, 'a')}),
                   "expected at most 2097152");
  CHECK_LOAD_ERROR((void)stub_tree({.bootargs = std::string(1, '\0')}), "bootargs");
}
