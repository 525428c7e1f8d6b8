#include <functional>

#include "loader/arm64/tree_parser.hpp"
#include "tests/loader/arm64/edited_tree.hpp"
#include "tests/loader/arm64/flat_tree.hpp"
#include "tests/loader/arm64/sample_machines.hpp"
#include "tests/loader/guest_ram.hpp"

using namespace loader::arm64;
using namespace platform::arm64;
using platform::Gsi;

namespace {

EditedTree full() {
  return EditedTree{samples::full_machine()};
}

constexpr const char* gic = "/interrupt-controller@ffff0000";

constexpr const char* gpio = "/gpio@effed000";
constexpr const char* pcie = "/pcie@ef100000";
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
      {pcie, "reg", {0, 0, 0, 0x8'0000}, "/pcie@ef100000: reg: found 0x80000 bytes, expected"},
      {pcie, "reg", {0, 0, 0, 0x1010'0000}, "reg: found 0x10100000 bytes, expected 0x100000 for"},
      {pcie, "reg", {0, 0, 0, 0}, "reg: found 0x0 bytes"},
      {pcie, "bus-range", {0, 1}, "bus-range: found buses 0-1, expected those of reg: 0-0"},
      {pcie, "bus-range", {1, 1}, "bus-range: found buses 1-1"},
      {pcie, "bus-range", {0}, "/pcie@ef100000: bus-range: found 4 bytes"},
      {pcie, "#address-cells", {2}, "ranges: found 2 address and 2 size cells, expected 3 and 2"},
      {pcie, "ranges", {0x200'0000, 0, 1, 0, 2, 0, 1}, "ranges: found 0x1, expected the same"},
      {pcie, "ranges", {0x100'0000, 0, 1, 0, 1, 0, 1}, "found no memory below 4 GiB"},
      {pcie, "ranges", {0x200'0000, ~0u, ~0u, ~0u, ~0u, 0, 2}, "ranges: found 0x2 bytes at"},
      {pcie, "ranges", {0x200'0000, 0, 1}, "ranges: found 12 bytes, expected a multiple of 28"},
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
                                       {pcie, "reg"},
                                       {pcie, "ranges"},
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

TEST_CASE("tree parser: two of what there is one of are refused", "[loader][tree]") {
  for (const char* kind :
       {"arm,gic-v3", "arm,gic-400", "arm,armv8-timer", "arm,armv8-pmuv3", "arm,pl031",
        "pci-host-ecam-generic", "microsoft,vmbus", "numa-distance-map-v1"}) {
    CHECK_BAD_IMAGE(full().add("/", "another").set("/another", "compatible", kind).parsed(),
                    "compatible: found a second node of this kind");
  }
  EditedTree messages = full();
  const std::string another = std::string{gic} + "/another";
  messages.add(gic, "another").set(another, "compatible", "arm,gic-v3-its");
  messages.set(another, "reg", FlatTree::Numbers{0, 0xEFFC'0000, 0, 0x2'0000});
  CHECK_BAD_IMAGE(messages.parsed(), "compatible: found a second receiver of messages");
}

TEST_CASE("tree parser: buses within buses come to an end", "[loader][tree]") {
  EditedTree edited = full();
  std::string path;
  for (int depth = 0; depth < 6; ++depth) {
    edited.add(path.empty() ? "/" : path, "bus");
    path += "/bus";
    edited.set(path, "compatible", "simple-bus").set(path, "ranges", Bytes{});
  }
  CHECK_BAD_IMAGE(edited.parsed(), "/bus/bus/bus/bus/bus: compatible: found one bus too many");
}

TEST_CASE("tree parser: a bus that translates addresses has nothing we know", "[loader][tree]") {
  EditedTree edited = full();
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
  CHECK_BAD_IMAGE(
      EditedTree{samples::bare_machine(9)}.set(gic, "compatible", "arm,gic-400").parsed(),
      "gic_version: found a GICv2 and 9 processors");
  Machine machine = samples::bare_machine();
  machine.platform.gic_msi = GicIts{{0xEFFC'0000}};
  CHECK_BAD_IMAGE(EditedTree{machine}.set(gic, "compatible", "arm,gic-400").parsed(),
                  "gic_msi: found an ITS beside a GICv2");
}

TEST_CASE("tree parser: a message is one line, whatever a node is called", "[loader][tree]") {
  EditedTree edited = full();
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
