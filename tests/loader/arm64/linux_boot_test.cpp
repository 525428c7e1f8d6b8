#include "loader/arm64/linux_boot.hpp"

#include <libfdt.h>

#include "tests/loader/acpi_tables.hpp"
#include "tests/loader/arm64/sample_images.hpp"
#include "tests/loader/arm64/sample_machines.hpp"
#include "tests/loader/x86_64/sample_kernels.hpp"

using namespace loader::arm64;
using loader::Image;

namespace {

/// A machine to boot in; the files outlive it.
struct Boot {
  Bytes kernel = make(samples::ArmImage{});
  Bytes initrd = samples::pattern(5000);
  Machine machine = samples::bare_machine();

  [[nodiscard]] LinuxBoot request() const {
    return {.kernel = {kernel, -1, "Image"},
            .initrd = Image{initrd, -1, "initrd"},
            .command_line = "console=ttyAMA0 quiet",
            .machine = machine,
            .rng_seed = samples::pattern(64),
            .kaslr_seed = 42};
  }
};

platform::GuestMemory ram_of(const Machine& machine) {
  std::vector<AddressRange> ranges;
  for (const Memory& memory : machine.memory) ranges.push_back(memory.range);
  return make_ram(ranges);
}

/// The tree the kernel is given.
class Tree {
 public:
  Tree(const platform::GuestMemory& ram, GuestAddress place) {
    const auto size = ram.load<std::uint32_t>(place + 4);
    REQUIRE(size);
    bytes_ = bytes_at(ram, place.value, ::fdt32_to_cpu(*size));
    REQUIRE(::fdt_check_full(bytes_.data(), bytes_.size()) == 0);
  }
  [[nodiscard]] bool has_node(const char* path) const {
    return ::fdt_path_offset(bytes_.data(), path) >= 0;
  }
  [[nodiscard]] std::optional<std::uint64_t> number(const char* name) const {
    int size = 0;
    const void* value = chosen(name, size);
    if (value == nullptr) return std::nullopt;
    if (size == 4) return ::fdt32_ld(static_cast<const fdt32_t*>(value));
    REQUIRE(size == 8);
    return ::fdt64_ld(static_cast<const fdt64_t*>(value));
  }
  [[nodiscard]] std::string text(const char* name) const {
    int size = 0;
    return static_cast<const char*>(chosen(name, size));
  }

 private:
  [[nodiscard]] const void* chosen(const char* name, int& size) const {
    return ::fdt_getprop(bytes_.data(), ::fdt_path_offset(bytes_.data(), "/chosen"), name, &size);
  }
  Bytes bytes_;
};

}  // namespace

TEST_CASE("arm64 boot: ACPI mode leads from X0 to every table", "[loader][arm64]") {
  const Boot boot;
  auto ram = ram_of(boot.machine);
  const LoadedLinux loaded = load_linux(boot.request(), ram);
  CHECK(loaded.entry.instruction == GuestAddress{1_GiB});
  CHECK(loaded.initrd == AddressRange{{1_GiB + 6_MiB}, 5000});

  const Tree tree{ram, loaded.entry.device_tree};
  CHECK_FALSE(tree.has_node("/cpus"));
  CHECK(tree.text("bootargs") == "console=ttyAMA0 quiet");
  CHECK(tree.number("linux,initrd-start") == 1_GiB + 6_MiB);
  CHECK(tree.number("linux,initrd-end") == 1_GiB + 6_MiB + 5000);
  CHECK(tree.number("kaslr-seed") == 42u);

  const auto system_table = tree.number("linux,uefi-system-table");
  REQUIRE(system_table);
  CHECK(ram.load<std::uint64_t>({*system_table}) == 0x5453'5953'2049'4249);
  const auto rsdp = ram.load<std::uint64_t>({*system_table + 136});
  REQUIRE(rsdp);
  CHECK(ram.load<std::uint64_t>({*rsdp}) == 0x2052'5450'2044'5352);  // "RSD PTR "
  const auto xsdt = ram.load<std::uint64_t>({*rsdp + 24});
  REQUIRE(xsdt);
  CHECK(ram.load<std::uint32_t>({*xsdt}) == 0x5444'5358);  // "XSDT"
  const auto smbios = ram.load<std::uint64_t>({*system_table + 160});
  REQUIRE(smbios);
  CHECK(ram.load<std::uint32_t>({*smbios}) == 0x334D'535F);  // "_SM3"
}

TEST_CASE("arm64 boot: the EFI memory map is the map, and keeps the tables", "[loader][arm64]") {
  Boot boot;
  boot.machine = samples::full_machine();
  auto ram = ram_of(boot.machine);
  const LoadedLinux loaded = load_linux(boot.request(), ram);
  const Tree tree{ram, loaded.entry.device_tree};
  CHECK(tree.number("linux,uefi-mmap-desc-size") == 40u);
  CHECK(tree.number("linux,uefi-mmap-desc-ver") == 1u);
  const auto place = tree.number("linux,uefi-mmap-start");
  const auto size = tree.number("linux,uefi-mmap-size");
  REQUIRE((place && size));
  CHECK(bytes_at(ram, *place, *size) == memory_descriptors(loaded.memory_map));

  REQUIRE(loaded.memory_map.size() == 4);
  const MemoryMapEntry& tables = loaded.memory_map[1];
  CHECK(tables.type == MemoryType::AcpiReclaim);
  CHECK(tables.range.start == GuestAddress{1_GiB + 4_MiB});
  for (const char* name : {"linux,uefi-system-table", "linux,uefi-mmap-start"}) {
    CHECK(tables.range.contains(GuestAddress{tree.number(name).value()}));
  }
  CHECK(tables.range.contains(AddressRange{{*place}, *size}));
  CHECK_FALSE(tables.range.contains(loaded.entry.device_tree));
  GuestAddress next{1_GiB};
  for (std::size_t index = 0; index < 3; ++index) {
    CHECK(loaded.memory_map[index].range.start == next);
    next = loaded.memory_map[index].range.end();
  }
  CHECK(next == GuestAddress{2_GiB});
  CHECK(loaded.memory_map[3].range == AddressRange{{4_GiB}, 2_GiB});
}

TEST_CASE("arm64 boot: device tree mode has the machine in the tree, and no EFI",
          "[loader][arm64]") {
  const Boot boot;
  auto request = boot.request();
  request.mode = BootMode::DeviceTree;
  auto ram = ram_of(boot.machine);
  const LoadedLinux loaded = load_linux(request, ram);
  const Tree tree{ram, loaded.entry.device_tree};
  CHECK(tree.has_node("/cpus"));
  CHECK(tree.text("bootargs") == "console=ttyAMA0 quiet");
  CHECK_FALSE(tree.number("linux,uefi-system-table"));
  CHECK(loaded.memory_map ==
        std::vector<MemoryMapEntry>{{boot.machine.memory[0].range, MemoryType::Conventional}});
}

TEST_CASE("arm64 boot: nothing overlaps, whatever the machine and the kernel", "[loader][arm64]") {
  Boot boot;
  for (const std::uint64_t image_size : {1_MiB, 2_MiB, 2_MiB - 64_KiB, 34_MiB + 256_KiB}) {
    boot.kernel = make(samples::ArmImage{.image_size = image_size});
    for (const Machine& machine : samples::all_machines()) {
      boot.machine = machine;
      for (const BootMode mode : {BootMode::Acpi, BootMode::DeviceTree}) {
        auto request = boot.request();
        request.mode = mode;
        auto ram = ram_of(machine);
        const LoadedLinux loaded = load_linux(request, ram);
        const std::uint64_t tree = loaded.entry.device_tree.value;
        CHECK(tree >= loaded.kernel.claimed.end().value);
        const auto tree_bytes = ::fdt32_to_cpu(ram.load<std::uint32_t>({tree + 4}).value());
        CHECK(tree / 2_MiB == (tree + tree_bytes - 1) / 2_MiB);
        CHECK(loaded.initrd->start.value >= tree + tree_bytes);
        if (mode == BootMode::DeviceTree) continue;
        const AddressRange tables = loaded.memory_map[1].range;
        CHECK(tables.start.value >= loaded.kernel.claimed.end().value);
        CHECK(tables.end().value <= tree);
      }
    }
  }
}

TEST_CASE("arm64 boot: 64 MiB of RAM will do, and less is refused in words", "[loader][arm64]") {
  Boot boot;
  boot.kernel = make(samples::ArmImage{.image_size = 36_MiB - 64_KiB});
  boot.initrd = samples::pattern(1_MiB);
  boot.machine.memory[0].range.size_bytes = 64_MiB;
  auto enough = ram_of(boot.machine);
  CHECK_NOTHROW(load_linux(boot.request(), enough));
  auto request = boot.request();
  request.initrd.reset();
  boot.machine.memory[0].range.size_bytes = 36_MiB;
  for (const BootMode mode : {BootMode::Acpi, BootMode::DeviceTree}) {
    request.mode = mode;
    auto short_ram = ram_of(boot.machine);
    CHECK_THROWS_MATCHES(load_linux(request, short_ram), loader::LoadError,
                         Catch::Matchers::MessageMatches(
                             Catch::Matchers::ContainsSubstring("more memory is needed")));
  }
}

TEST_CASE("arm64 boot: without initrd, seeds and command line", "[loader][arm64]") {
  const Boot boot;
  auto ram = ram_of(boot.machine);
  const LoadedLinux loaded =
      load_linux({.kernel = Image{boot.kernel}, .machine = boot.machine}, ram);
  CHECK_FALSE(loaded.initrd);
  const Tree tree{ram, loaded.entry.device_tree};
  CHECK_FALSE(tree.number("linux,initrd-start"));
  CHECK_FALSE(tree.number("kaslr-seed"));
  CHECK(tree.number("linux,uefi-system-table"));
}

TEST_CASE("arm64 boot: bad files, command lines and tables are refused", "[loader][arm64]") {
  Boot boot;
  auto ram = ram_of(boot.machine);
  boot.initrd.clear();
  CHECK_BAD_IMAGE(load_linux(boot.request(), ram), "initrd: empty, expected an initrd");
  boot.kernel = make(samples::ArmImage{.flags = 1});
  CHECK_BAD_IMAGE(load_linux(boot.request(), ram), "Image: a big-endian kernel");
  boot = {};
  auto request = boot.request();
  const std::string longest(2047, 'x');
  request.command_line = longest;
  CHECK_NOTHROW(load_linux(request, ram));
  const std::string too_long(2048, 'x');
  request.command_line = too_long;
  CHECK_THROWS_AS(load_linux(request, ram), loader::LoadError);
  const std::string with_nul("a\0b", 3);
  request.command_line = with_nul;
  CHECK_THROWS_AS(load_linux(request, ram), loader::LoadError);

  request = boot.request();
  request.identity.serial.assign(4_MiB, 's');
  CHECK_THROWS_MATCHES(load_linux(request, ram), loader::LoadError,
                       Catch::Matchers::MessageMatches(
                           Catch::Matchers::ContainsSubstring("the SMBIOS table would end at")));
}

TEST_CASE("arm64 boot: a machine whose description does not fit is refused", "[loader][arm64]") {
  Boot boot;
  boot.kernel = make(samples::ArmImage{.image_size = 2_MiB - 512_KiB});  // leaves the least room
  for (std::uint32_t index = 0; index < 5000; ++index) {
    boot.machine.virtio_mmio.push_back({{{0xE000'0000 + 0x1000ull * index}, 0x1000}, {40}});
  }
  auto ram = ram_of(boot.machine);
  auto request = boot.request();
  for (const BootMode mode : {BootMode::Acpi, BootMode::DeviceTree}) {
    request.mode = mode;
    CHECK_THROWS_MATCHES(load_linux(request, ram), loader::LoadError,
                         Catch::Matchers::MessageMatches(
                             Catch::Matchers::StartsWith("the device tree would end at")));
  }
}
