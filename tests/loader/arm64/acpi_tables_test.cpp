#include "loader/acpi/arm64/tables.hpp"

#include "loader/acpi/arm64/fadt.hpp"
#include "loader/acpi/arm64/gtdt.hpp"
#include "loader/acpi/arm64/madt.hpp"
#include "loader/acpi/arm64/serial_console.hpp"
#include "loader/acpi/arm64/topology.hpp"
#include "tests/loader/acpi_tables.hpp"
#include "tests/loader/arm64/sample_machines.hpp"

using namespace loader::acpi::arm64;
using namespace platform::arm64;
using platform::Gsi;

namespace {

constexpr GuestAddress place{0x4224'0000};

std::map<std::string, Bytes> tables_of(const Machine& machine) {
  return tables_by_name(make_tables(machine, place), place);
}

std::vector<unsigned> types_in(const Bytes& madt) {
  std::vector<unsigned> types;
  for (const auto& [type, content] : structures(madt, 44)) types.push_back(type);
  return types;
}

}  // namespace

TEST_CASE("arm64 ACPI: the XSDT lists what the machine needs, and no more", "[loader][arm64]") {
  const auto bare = tables_of(samples::bare_machine());
  CHECK(bare.size() == 7);  // with the XSDT
  for (const char* name : {"DSDT", "FACP", "APIC", "GTDT", "SRAT", "PPTT"}) {
    CHECK(bare.contains(name));
  }
  const auto full = tables_of(samples::full_machine());
  CHECK(full.size() == 11);
  for (const char* name : {"SLIT", "SPCR", "DBG2", "MCFG"}) CHECK(full.contains(name));
  for (const Machine& machine : samples::all_machines()) CHECK(tables_of(machine).size() >= 7);
}

TEST_CASE("arm64 ACPI: the FADT has no hardware, and PSCI by HVC", "[loader][arm64]") {
  Machine machine = samples::bare_machine();
  machine.platform.hypervisor_vendor_identity = 0x5672'6570'7948'734D;
  const Bytes fadt = make_fadt(machine, {0x1'2345'6000});
  REQUIRE(fadt.size() == 276);
  CHECK(at<std::uint8_t>(fadt, 8) == 6);
  CHECK(at<std::uint32_t>(fadt, 40) == 0);           // DSDT, 32 bits
  CHECK(at<std::uint32_t>(fadt, 112) == 0x10'1000);  // hardware-reduced, headless
  CHECK(at<std::uint16_t>(fadt, 129) == 3);
  CHECK(at<std::uint8_t>(fadt, 131) == 3);
  CHECK(at<std::uint64_t>(fadt, 140) == 0x1'2345'6000);
  CHECK(table_text(fadt, 268, 8) == "MsHyperV");
  Bytes rest = fadt;
  for (const auto& [offset, size] : {std::pair{112, 4}, {129, 3}, {140, 8}, {268, 8}}) {
    std::fill_n(rest.begin() + offset, size, std::byte{0});
  }
  CHECK(std::all_of(rest.begin() + 36, rest.end(),
                    [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST_CASE("arm64 ACPI: the MADT of a GICv3 with v2m", "[loader][arm64]") {
  Machine machine = samples::full_machine(2);
  machine.processors[1].mpidr = 0x12'0003'0201;
  const Bytes madt = make_madt(machine);
  CHECK(at<std::uint8_t>(madt, 8) == 5);
  CHECK(at<std::uint64_t>(madt, 36) == 0);  // no local APIC, no flags
  CHECK(types_in(madt) == std::vector<unsigned>{0xC, 0xB, 0xB, 0xE, 0xD});
  const auto entries = structures(madt, 44);
  CHECK(entries[0].second ==
        raw({0xC, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0}));
  const Bytes& second = entries[2].second;
  REQUIRE(second.size() == 80);
  CHECK(at<std::uint32_t>(second, 4) == 0);
  CHECK(at<std::uint32_t>(second, 8) == 2);   // UID
  CHECK(at<std::uint32_t>(second, 12) == 1);  // enabled
  CHECK(at<std::uint32_t>(second, 20) == 23);
  CHECK(at<std::uint64_t>(second, 32) == 0);
  CHECK(at<std::uint64_t>(second, 60) == 0);  // redistributors have a structure of their own
  CHECK(at<std::uint64_t>(second, 68) == 0x12'0003'0201);
  CHECK(entries[3].second == raw({0xE, 16, 0, 0, 0, 0, 0xFF, 0xEF, 0, 0, 0, 0, 0, 0, 4, 0}));
  CHECK(entries[4].second == raw({0xD, 24, 0, 0, 0, 0, 0, 0, 0,  0x80, 0xFE, 0xEF,
                                  0,   0,  0, 0, 1, 0, 0, 0, 64, 0,    0xA0, 0x03}));
}

TEST_CASE("arm64 ACPI: the MADT of a GICv2, of an ITS, and without messages", "[loader][arm64]") {
  Machine machine = samples::bare_machine(2);
  machine.platform.gic_msi = NoMsi{};
  CHECK(types_in(make_madt(machine)) == std::vector<unsigned>{0xC, 0xB, 0xB, 0xE});

  machine.platform.gic_msi = GicIts{{0xEFFC'0000}};
  const Bytes with_its = make_madt(machine);
  CHECK(types_in(with_its) == std::vector<unsigned>{0xC, 0xB, 0xB, 0xE, 0xF});
  CHECK(structures(with_its, 44)[4].second ==
        raw({0xF, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0xFC, 0xEF, 0, 0, 0, 0, 0, 0, 0, 0}));

  machine.platform.gic_msi = NoMsi{};
  machine.platform.gic_version = GicV2{{0xEFFF'0000}};
  const Bytes v2 = make_madt(machine);
  CHECK(types_in(v2) == std::vector<unsigned>{0xC, 0xB, 0xB});
  const auto entries = structures(v2, 44);
  CHECK(at<std::uint8_t>(entries[0].second, 20) == 2);
  CHECK(at<std::uint32_t>(entries[2].second, 4) == 1);  // CPU interface
  CHECK(at<std::uint64_t>(entries[2].second, 32) == 0xEFFF'0000);
  CHECK(at<std::uint32_t>(entries[2].second, 20) == 0);  // no PMU
}

TEST_CASE("arm64 ACPI: the GTDT has the two timers of EL1", "[loader][arm64]") {
  Machine machine = samples::bare_machine();
  machine.platform.virt_timer_ppi = Gsi{27};
  const Bytes gtdt = make_gtdt(machine);
  REQUIRE(gtdt.size() == 104);
  CHECK(at<std::uint8_t>(gtdt, 8) == 3);
  CHECK(at<std::uint64_t>(gtdt, 36) == ~std::uint64_t{0});
  CHECK(at<std::uint64_t>(gtdt, 48) == 0);  // secure
  CHECK(at<std::uint32_t>(gtdt, 56) == 30);
  CHECK(at<std::uint32_t>(gtdt, 60) == 6);  // active low, level, always on
  CHECK(at<std::uint32_t>(gtdt, 64) == 27);
  CHECK(at<std::uint32_t>(gtdt, 68) == 6);
  CHECK(at<std::uint32_t>(gtdt, 72) == 30);  // not 0, of which Linux would complain
  CHECK(at<std::uint64_t>(gtdt, 80) == ~std::uint64_t{0});
  CHECK(at<std::uint64_t>(gtdt, 88) == 0);  // no platform timers
  CHECK(at<std::uint64_t>(gtdt, 96) == 0);
}

TEST_CASE("arm64 ACPI: SRAT and SLIT tell the nodes", "[loader][arm64]") {
  Machine machine = samples::full_machine(2);
  const Bytes srat = make_srat(machine);
  CHECK(at<std::uint32_t>(srat, 36) == 1);
  const auto affinities = structures(srat, 48);
  REQUIRE(affinities.size() == 4);
  CHECK(affinities[0].second == raw({3, 18, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}));
  CHECK(affinities[1].second == raw({3, 18, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}));
  CHECK(at<std::uint64_t>(affinities[2].second, 8) == 0x4000'0000);
  CHECK(at<std::uint32_t>(affinities[3].second, 2) == 1);
  const auto tables = tables_of(machine);
  const Bytes& slit = tables.at("SLIT");
  CHECK(Bytes(slit.begin() + 36, slit.end()) == raw({2, 0, 0, 0, 0, 0, 0, 0, 10, 25, 25, 10}));
  machine.node_distances.pop_back();
  CHECK_THROWS_AS(make_tables(machine, place), loader::LoadError);
}

TEST_CASE("arm64 ACPI: the PPTT has one socket of cores", "[loader][arm64]") {
  const Bytes pptt = make_pptt(samples::bare_machine(17));
  const auto nodes = structures(pptt, 36);
  REQUIRE(nodes.size() == 18);
  CHECK(nodes[0].second == raw({0, 20, 0, 0, 0x13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  CHECK(nodes[17].second ==
        raw({0, 20, 0, 0, 0x0A, 0, 0, 0, 36, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_CASE("arm64 ACPI: SPCR and DBG2 name the first serial port", "[loader][arm64]") {
  const auto port = samples::full_machine().serial_ports.front();
  const Bytes registers = raw({0, 32, 0, 3, 0, 0xC0, 0xFE, 0xEF, 0, 0, 0, 0});
  const Bytes spcr = make_spcr(port);
  REQUIRE(spcr.size() == 80);
  CHECK(at<std::uint8_t>(spcr, 8) == 2);
  CHECK(at<std::uint8_t>(spcr, 36) == 3);  // PL011
  CHECK(Bytes(spcr.begin() + 40, spcr.begin() + 52) == registers);
  CHECK(at<std::uint8_t>(spcr, 52) == 8);  // an interrupt of a GIC
  CHECK(at<std::uint32_t>(spcr, 54) == 33);
  CHECK(at<std::uint8_t>(spcr, 58) == 7);  // 115200
  CHECK(at<std::uint8_t>(spcr, 60) == 1);
  CHECK(at<std::uint32_t>(spcr, 64) == 0xFFFF'FFFF);

  const Bytes dbg2 = make_dbg2(port);
  CHECK(at<std::uint32_t>(dbg2, 36) == 44);
  CHECK(at<std::uint32_t>(dbg2, 40) == 1);
  const Bytes device(dbg2.begin() + 44, dbg2.end());
  CHECK(at<std::uint16_t>(device, 1) == device.size());
  CHECK(at<std::uint16_t>(device, 12) == 0x8000);
  CHECK(at<std::uint16_t>(device, 14) == 3);
  const auto base = at<std::uint16_t>(device, 18);
  CHECK(Bytes(device.begin() + base, device.begin() + base + 12) == registers);
  CHECK(at<std::uint32_t>(device, at<std::uint16_t>(device, 20)) == 0x1000);
  CHECK(table_text(device, at<std::uint16_t>(device, 6), at<std::uint16_t>(device, 4)) ==
        std::string("\\_SB.UAR0\0", 10));
}
