// That what the guest is told is what the VM is: back from the tables and trees in its RAM.

#include <endian.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "loader/arm64/tree_parser.hpp"
#include "tests/loader/acpi_tables.hpp"
#include "tests/vmm/arm64_bench.hpp"

using loader::arm64::Machine;
using platform::Gsi;
using platform::arm64::Features;
using platform::arm64::GicIts;
using platform::arm64::GicV2;
using platform::arm64::GicV2m;
using platform::arm64::GicV3;
using platform::arm64::PlatformConfig;
using platform::arm64::Pmu;

namespace {

constexpr GicV2m v2m{.frame_base = {0xEFFE'8000}, .spi_base = {928}, .spi_count = 64};
constexpr GicIts its{{0xEFFC'0000}};
constexpr GicV3 gic_v3{{0xEFFF'0000}};
constexpr GicV2 gic_v2{{0xEFFF'0000}};

/// The tree that X0 leads to.
Bytes tree_of(const Arm64Bench& bench) {
  const auto& ram = *bench.script.memory;
  const GuestAddress place{bench.script.boot.x0};
  const auto size = ram.load<std::uint32_t>(place + 4);
  REQUIRE(size);
  return bytes_at(ram, place.value, ::be32toh(*size));
}

/// From X0 by way of EFI's system table, as Linux goes.
Bytes acpi_table(const Arm64Bench& bench, std::string_view name) {
  const auto& ram = *bench.script.memory;
  const auto efi = loader::arm64::parse_chosen(tree_of(bench)).efi;
  REQUIRE(efi);
  const auto rsdp = ram.load<std::uint64_t>(efi->system_table + 136).value();
  const auto xsdt = ram.load<std::uint64_t>({rsdp + 24}).value();
  const auto size_bytes = ram.load<std::uint32_t>({xsdt + 4}).value();
  for (std::uint64_t entry = xsdt + 36; entry < xsdt + size_bytes; entry += 8) {
    const auto table = ram.load<std::uint64_t>({entry}).value();
    Bytes bytes = bytes_at(ram, table, ram.load<std::uint32_t>({table + 4}).value());
    if (table_text(bytes, 0, 4) == name) return bytes;
  }
  FAIL("no table " << name);
  return {};
}

/// Those of the MADT of one type: 0xB is a processor's.
std::vector<Bytes> madt_structures(const Arm64Bench& bench, unsigned type) {
  std::vector<Bytes> found;
  for (auto& [its_type, bytes] : structures(acpi_table(bench, "APIC"), 44)) {
    if (its_type == type) found.push_back(std::move(bytes));
  }
  return found;
}

/// As no default has them: clusters of four, from the second on.
std::uint64_t odd_mpidr(std::uint32_t index) {
  return 0x1'0000'0100u + (index / 4u) * 0x100u + index % 4u;
}

}  // namespace

TEST_CASE("arm64 machine: the tree in RAM is the machine's, word for word", "[vmm][arm64]") {
  Arm64Bench bench;
  bench.config.device_tree = true;
  bench.config.memory_bytes = 4_GiB;
  bench.script.exits.resize(6);
  bench.script.mpidr = odd_mpidr;
  bench.build();
  const Bytes tree = tree_of(bench);
  const Machine machine = loader::arm64::parse_machine_tree(tree);
  CHECK(machine.platform == bench.script.platform);
  REQUIRE(machine.processors.size() == 6);
  for (std::uint32_t i = 0; i < 6; ++i) CHECK(machine.processors[i].mpidr == odd_mpidr(i));
  REQUIRE(machine.memory.size() == 2);
  CHECK(machine.memory[0].range == AddressRange{{1_GiB}, 0xE000'0000 - 1_GiB});
  CHECK(machine.memory[1].range == AddressRange{{4_GiB}, 4_GiB - (0xE000'0000 - 1_GiB)});
  REQUIRE(machine.serial_ports.size() == 2);
  CHECK(machine.serial_ports[0] ==
        loader::arm64::SerialPort{.base = {0xEFFE'C000}, .interrupt = {33}});
  CHECK(machine.serial_ports[1] ==
        loader::arm64::SerialPort{.base = {0xEFFE'B000}, .interrupt = {34}});
  CHECK(machine.rtc == loader::arm64::Rtc{.base = {0xEFFE'9000}, .interrupt = {35}});
  CHECK(machine.power_key ==
        loader::arm64::PowerKey{.base = {0xEFFE'A000}, .interrupt = {36}, .pin = 3});
  const loader::arm64::Chosen chosen = loader::arm64::parse_chosen(tree);
  CHECK(chosen.bootargs == "console=ttyAMA0");
  CHECK(chosen.rng_seed.size() == 64);
  CHECK_FALSE(chosen.efi.has_value());
}

TEST_CASE("arm64 machine: the tables name the processors as the VM does", "[vmm][arm64]") {
  Arm64Bench bench;
  bench.script.exits.resize(6);
  bench.script.mpidr = odd_mpidr;
  bench.build();
  const auto processors = madt_structures(bench, 0xB);
  REQUIRE(processors.size() == 6);
  for (std::uint32_t i = 0; i < 6; ++i) {
    CHECK(at<std::uint64_t>(processors[i], 68) == odd_mpidr(i));
  }
}

TEST_CASE("arm64 machine: the interrupt controller is the best the host has", "[vmm][arm64]") {
  struct Case {
    Features host;
    vmm::MsiChoice choice;
    platform::arm64::GicVersion version;
    platform::arm64::GicMsi msi;
  };
  using enum vmm::MsiChoice;
  const Features all{.gic_v2 = true, .gic_v3 = true, .gic_its = true};
  const auto [host, choice, version, msi] = GENERATE_COPY(
      Case{all, Automatic, gic_v3, its}, Case{all, Its, gic_v3, its}, Case{all, V2m, gic_v3, v2m},
      Case{{.gic_v3 = true}, Automatic, gic_v3, v2m},
      Case{{.gic_v2 = true}, Automatic, gic_v2, v2m}, Case{{.gic_v2 = true}, V2m, gic_v2, v2m});
  Arm64Bench bench;
  bench.config.device_tree = GENERATE(false, true);
  bench.config.gic_msi = choice;
  bench.script.features = host;
  bench.build();
  const PlatformConfig made = bench.script.platform.value();
  CHECK(made.gic_distributor_base == GuestAddress{0xFFFF'0000});
  CHECK(made.gic_version == version);
  CHECK(made.gic_msi == msi);
  CHECK(made.gic_nr_irqs == 992);
  CHECK(made.virt_timer_ppi == Gsi{20});
  CHECK(made.vmbus_ppi == Gsi{18});
  if (bench.config.device_tree) {
    CHECK(loader::arm64::parse_machine_tree(tree_of(bench)).platform == made);
    return;
  }
  const auto distributors = madt_structures(bench, 0xC);
  REQUIRE(distributors.size() == 1);
  CHECK(at<std::uint64_t>(distributors[0], 8) == 0xFFFF'0000);
  CHECK(at<std::uint8_t>(distributors[0], 20) == (version.index() == 0 ? 2 : 3));
  CHECK(madt_structures(bench, 0xD).size() == (std::holds_alternative<GicV2m>(msi) ? 1 : 0));
  CHECK(madt_structures(bench, 0xF).size() == (std::holds_alternative<GicIts>(msi) ? 1 : 0));
}

TEST_CASE("arm64 machine: a PMU is there if the host has one and nobody forbids it",
          "[vmm][arm64]") {
  const bool asked = GENERATE(false, true);
  const bool offered = GENERATE(false, true);
  Arm64Bench bench;
  bench.config.device_tree = GENERATE(false, true);
  bench.config.pmu = asked;
  bench.script.features.pmu = offered;
  bench.script.exits.resize(3);
  bench.build();
  const bool there = asked && offered;
  CHECK(bench.script.pmus == std::vector(3, there ? Pmu::On : Pmu::Off));
  const auto interrupt = there ? std::optional{Gsi{23}} : std::nullopt;
  CHECK(bench.script.platform.value().pmu_gsiv == interrupt);
  if (bench.config.device_tree) {
    CHECK(loader::arm64::parse_machine_tree(tree_of(bench)).platform.pmu_gsiv == interrupt);
    return;
  }
  for (const Bytes& processor : madt_structures(bench, 0xB)) {
    CHECK(at<std::uint32_t>(processor, 20) == (there ? 23 : 0));
  }
}
