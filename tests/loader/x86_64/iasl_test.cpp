// The tables as ACPICA, which Linux's interpreter is made of, understands them.
#include "tests/loader/iasl.hpp"
#include "loader/acpi/pci.hpp"
#include "loader/acpi/table.hpp"
#include "loader/acpi/x86_64/dsdt.hpp"
#include "loader/acpi/x86_64/fadt.hpp"
#include "loader/acpi/x86_64/madt.hpp"
#include "loader/acpi/x86_64/numa.hpp"
#include "tests/loader/guest_ram.hpp"

using namespace loader::acpi;
using namespace loader::acpi::x86_64;
using Catch::Matchers::ContainsSubstring;

namespace {

Machine full_machine() {
  return {.processors = {{.apic_id = 0}, {.apic_id = 1, .node = 1}, {.apic_id = 300, .node = 1}},
          .memory = {{.range = {{0}, 3_GiB}}, {.range = {{4_GiB}, 1_GiB}, .node = 1}},
          .serial_ports = {{1, {0x3F8}, {4}}, {2, {0x2F8}, {3}}, {3, {0x3E8}, {4}}},
          .rtc = Rtc{},
          .virtio_mmio = {{{{0xD000'0000}, 0x1000}, {5}}, {{{0xD000'1000}, 0x1000}, {5}}},
          .mmio_windows = MmioWindows{{{0xF800'0000}, 128_MiB}, AddressRange{{64_GiB}, 512_MiB}},
          .has_vmbus = true};
}

Bytes dsdt(const Machine& machine) {
  return Table{"DSDT", 2}.append(dsdt_content(machine)).finish();
}

}  // namespace

TEST_CASE("iasl: the DSDT of a small machine has nothing that does not exist", "[loader][iasl]") {
  const std::string source = disassembled(dsdt({.processors = {{0}}, .memory = {}}));
  CHECK_THAT(source, ContainsSubstring("Device (APIC)") && ContainsSubstring("Device (P001)"));
  for (const char* absent : {"UAR", "RTC0", "VI00", "PCI0", "ECAM", "VMOD", "VMBS", "P002"}) {
    CHECK_THAT(source, !ContainsSubstring(absent));
  }
}

TEST_CASE("iasl: the DSDT of a full machine", "[loader][iasl]") {
  const std::string source = disassembled(dsdt(full_machine()));
  for (const char* present : {"Device (UAR1)",
                              "Device (UAR2)",
                              "Device (UAR3)",
                              "EisaId (\"PNP0501\")",
                              "\"COM3\"",
                              "Device (RTC0)",
                              "EisaId (\"PNP0B00\")",
                              "Device (VI00)",
                              "Device (VI01)",
                              "\"LNRO0005\"",
                              "Device (VMOD)",
                              "\"ACPI0004\"",
                              "Device (VMBS)",
                              "\"VMBus\"",
                              "Device (P003)",
                              "0x00000000F8000000, // Range Minimum",
                              "0x00000000FFFFFFFF, // Range Maximum",
                              "Interrupt (ResourceConsumer, Edge, ActiveHigh, Shared, ,, )",
                              "Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive, ,, )",
                              "Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive, ,, )",
                              "Name (_S5, Package (0x04)"}) {
    CHECK_THAT(source, ContainsSubstring(present));
  }
  CHECK_THAT(source, !ContainsSubstring("UAR4"));
}

TEST_CASE("iasl: a PCI root complex, and where its ECAM is", "[loader][iasl]") {
  Machine machine{.processors = {{0}}, .memory = {}};
  machine.pci = loader::PciHost{.ecam = {{0xE000'0000}, 1_MiB}, .window = {{0xD000'0000}, 64_MiB}};
  const std::string source = disassembled(dsdt(machine));
  for (const char* present :
       {"Device (PCI0)", "EisaId (\"PNP0A08\")", "EisaId (\"PNP0A03\")", "Name (_SEG, Zero)",
        "Name (_BBN, Zero)", "Name (_CCA, One)", "Method (_OSC, 4, Serialized)",
        "ToUUID (\"33db4d5b-1ff7-401c-9657-7441c03dd766\")",
        "WordBusNumber (ResourceProducer, MinFixed, MaxFixed",
        "QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, "
        "NonCacheable, ReadWrite",
        "0x00000000D0000000, // Range Minimum", "0x00000000D3FFFFFF, // Range Maximum",
        "Device (ECAM)", "EisaId (\"PNP0C02\")", "0x00000000E0000000, // Range Minimum"}) {
    CHECK_THAT(source, ContainsSubstring(present));
  }
  for (const char* absent : {"_PRT", "WordIO"}) CHECK_THAT(source, !ContainsSubstring(absent));
  CHECK_THAT(disassembled(make_mcfg(*machine.pci)),
             ContainsSubstring("Base Address : 00000000E0000000") &&
                 ContainsSubstring("Start Bus Number : 00") &&
                 ContainsSubstring("End Bus Number : 00"));
}

TEST_CASE("iasl: ports that a PCI root complex hands on", "[loader][iasl]") {
  Machine machine{.processors = {{0}}, .memory = {}};
  machine.pci = loader::PciHost{.ecam = {{0xE000'0000}, 1_MiB},
                                .window = {{0xD000'0000}, 64_MiB},
                                .ports = {{{0xC000}, 0x4000}}};
  const std::string source = disassembled(dsdt(machine));
  const std::size_t at = source.find(
      "WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, "
      "EntireRange");
  REQUIRE(at != std::string::npos);
  const std::string window = source.substr(at, source.find("))", at) - at);
  for (const char* present :
       {"0xC000,             // Range Minimum", "0xFFFF,             // Range Maximum",
        "0x4000,             // Length"}) {
    CHECK_THAT(window, ContainsSubstring(present));
  }
}

TEST_CASE("iasl: the FADT", "[loader][iasl]") {
  Machine machine = full_machine();
  const std::string source = disassembled(make_fadt(machine, {0x1'9000}));
  for (const char* present :
       {"SCI Interrupt : 0009", "PM1A Event Block Address : 00000400",
        "PM1A Control Block Address : 00000404", "PM Timer Block Address : 00000408",
        "RTC Century Index : 32", "Legacy Devices Supported (V2) : 1",
        "8042 Present on ports 60/64 (V2) : 0", "VGA Not Present (V4) : 1",
        "MSI Not Supported (V4) : 0", "CMOS RTC Not Present (V5) : 0",
        "Control Method Power Button (V1) : 0", "Control Method Sleep Button (V1) : 1",
        "32-bit PM Timer (V1) : 1", "Reset Register Supported (V2) : 1",
        "Hardware Reduced (V5) : 0", "FADT Minor Revision : 05"}) {
    CHECK_THAT(source, ContainsSubstring(present));
  }
}

TEST_CASE("iasl: MADT, SRAT and SLIT", "[loader][iasl]") {
  const std::string madt = disassembled(make_madt(full_machine()));
  CHECK_THAT(madt, ContainsSubstring("PC-AT Compatibility : 1") &&
                       ContainsSubstring("[I/O APIC]") &&
                       ContainsSubstring("[Interrupt Source Override]") &&
                       ContainsSubstring("[Local APIC NMI]") &&
                       ContainsSubstring("[Processor Local x2APIC]") &&
                       ContainsSubstring("[Local x2APIC NMI]"));
  const std::string srat = disassembled(make_srat(full_machine()));
  CHECK_THAT(srat, ContainsSubstring("[Processor Local APIC/SAPIC Affinity]") &&
                       ContainsSubstring("[Processor Local x2APIC Affinity]") &&
                       ContainsSubstring("Base Address : 0000000100000000") &&
                       ContainsSubstring("Address Length : 0000000040000000"));
  CHECK_THAT(disassembled(make_slit(full_machine())),
             ContainsSubstring("Localities : 0000000000000002"));
}
