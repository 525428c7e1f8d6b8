// The tables as ACPICA, which Linux's interpreter is made of, understands them.
#include "tests/loader/iasl.hpp"

#include "loader/acpi/arm64/dsdt.hpp"
#include "loader/acpi/arm64/tables.hpp"
#include "loader/acpi/table.hpp"
#include "tests/loader/acpi_tables.hpp"
#include "tests/loader/arm64/sample_machines.hpp"

using namespace loader::acpi;
using namespace loader::acpi::arm64;
using Catch::Matchers::ContainsSubstring;
using platform::Gsi;

namespace {

Machine full_machine() {
  Machine machine = samples::full_machine();
  machine.power_button = loader::arm64::PowerButton{Gsi{36}};
  return machine;
}

std::string disassembled_dsdt(const Machine& machine) {
  return disassembled(Table{"DSDT", 2}.append(dsdt_content(machine)).finish());
}

void check_says(const Bytes& table, std::initializer_list<const char*> expected) {
  const std::string source = disassembled(table);
  for (const char* text : expected) CHECK_THAT(source, ContainsSubstring(text));
}

}  // namespace

TEST_CASE("iasl: the DSDT of a small arm64 machine", "[loader][arm64][iasl]") {
  const std::string source = disassembled_dsdt(samples::bare_machine());
  CHECK_THAT(source, ContainsSubstring("Device (P001)") && ContainsSubstring("\"ACPI0010\""));
  for (const char* absent :
       {"UAR", "RTC0", "VI00", "VMOD", "VMBS", "GED0", "PWRB", "PCI0", "ECAM", "P002"}) {
    CHECK_THAT(source, !ContainsSubstring(absent));
  }
}

TEST_CASE("iasl: the DSDT of a full arm64 machine", "[loader][arm64][iasl]") {
  const std::string source = disassembled_dsdt(full_machine());
  for (const char* present : {"Device (UAR0)",
                              "Device (UAR1)",
                              "\"ARMH0011\"",
                              "Device (VI01)",
                              "\"LNRO0005\"",
                              "Name (_CCA, One)",
                              "Device (VMOD)",
                              "Device (VMBS)",
                              "\"VMBus\"",
                              "0x00000012,",
                              "Device (RTC0)",
                              "\"ARMH0061\"",
                              "EisaId (\"PNP0C0C\")",
                              "\"ACPI0013\"",
                              "Method (_EVT, 1, NotSerialized)",
                              "If ((Arg0 == 0x24))",
                              "Notify (PWRB, 0x80)",
                              "Device (PCI0)",
                              "Method (_OSC, 4, Serialized)",
                              "0x00000000EB000000, // Range Minimum",
                              "Device (ECAM)",
                              "EisaId (\"PNP0C02\")",
                              "0x00000000EF1FFFFF, // Range Maximum",
                              "Device (P002)",
                              "Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive, ,, )",
                              "Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive, ,, )",
                              "0x00000000EFFEC000, // Range Minimum"}) {
    CHECK_THAT(source, ContainsSubstring(present));
  }
}

TEST_CASE("iasl: the other tables of an arm64 machine", "[loader][arm64][iasl]") {
  const GuestAddress place{0x4224'0000};
  const auto tables = tables_by_name(make_tables(full_machine(), place), place);
  check_says(tables.at("FACP"), {"Hardware Reduced (V5) : 1", "PSCI Compliant : 1",
                                 "Must use HVC for PSCI : 1", "FADT Minor Revision : 03"});
  check_says(tables.at("APIC"),
             {"[Generic Interrupt Controller]", "[Generic Interrupt Distributor]",
              "[Generic MSI Frame]", "[Generic Interrupt Redistributor]"});
  check_says(tables.at("GTDT"), {"Virtual Timer Interrupt : 00000014", "Always On : 1"});
  check_says(tables.at("SRAT"), {"[GICC Affinity]", "[Memory Affinity]"});
  check_says(tables.at("SLIT"), {"Localities : 0000000000000002"});
  check_says(tables.at("PPTT"), {"Physical package : 1", "ACPI Processor ID valid : 1"});
  check_says(tables.at("MCFG"), {"Base Address : 00000000EF100000", "End Bus Number : 00"});
  check_says(tables.at("SPCR"), {"Interface Type : 03", "Interrupt : 00000021", "Baud Rate : 07"});
  check_says(tables.at("DBG2"), {"Port Type : 8000", "Port Subtype : 0003", "\\_SB.UAR0"});
}

TEST_CASE("iasl: an arm64 machine with an ITS, and one with a GICv2", "[loader][arm64][iasl]") {
  const GuestAddress place{0x4224'0000};
  Machine machine = samples::bare_machine(2);
  machine.platform.gic_msi = platform::arm64::GicIts{{0xEFFC'0000}};
  check_says(tables_by_name(make_tables(machine, place), place).at("APIC"),
             {"[Generic Interrupt Translator]", "Base Address : 00000000EFFC0000"});
  machine.platform.gic_msi = platform::arm64::NoMsi{};
  machine.platform.gic_version = platform::arm64::GicV2{{0xEFFF'0000}};
  check_says(tables_by_name(make_tables(machine, place), place).at("APIC"),
             {"CPU Interface Number : 00000001", "Base Address : 00000000EFFF0000"});
}

TEST_CASE("iasl: the way of messages from PCI functions to an ITS", "[loader][arm64][iasl]") {
  const GuestAddress place{0x4224'0000};
  Machine machine = full_machine();
  CHECK_FALSE(tables_by_name(make_tables(machine, place), place).contains("IORT"));
  machine.platform.gic_msi = platform::arm64::GicIts{{0xEFFC'0000}};
  check_says(tables_by_name(make_tables(machine, place), place).at("IORT"),
             {"Node Count : 00000002", "ItsCount : 00000001", "Cache Coherency : 00000001",
              "ID Count : 0000FFFF", "Output Reference : 00000030"});
  machine.pci.reset();
  const auto without = tables_by_name(make_tables(machine, place), place);
  CHECK_FALSE(without.contains("IORT"));
  CHECK_FALSE(without.contains("MCFG"));
}
