// The tables as ACPICA, which Linux's interpreter is made of, understands them.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

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

class Directory {
 public:
  Directory() {
    std::string name = "/tmp/mayfly-iasl-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

/// Runs iasl in a directory and returns what it said.
std::string iasl(const Directory& directory, const std::string& arguments) {
  const std::string command =
      "cd " + directory.path().string() + " && iasl " + arguments + " > said 2>&1";
  const int status = std::system(command.c_str());
  const std::string said = text_of(directory.path() / "said");
  INFO(said);
  CHECK(status == 0);  // 127: acpica-tools is missing; tests/setup installs it
  return said;
}

/// Disassembles a table and compiles the outcome again, both without a complaint. One is excused:
/// 6033 is about the five letters of "VMBus", which are what Hyper-V's guests look for.
std::string disassembled(const Bytes& table) {
  const Directory directory;
  std::ofstream{directory.path() / "table.aml", std::ios::binary}.write(
      reinterpret_cast<const char*>(table.data()), static_cast<std::streamsize>(table.size()));
  const std::string said = iasl(directory, "-d table.aml");
  CHECK_THAT(said, !ContainsSubstring("rror") && !ContainsSubstring("arning"));
  const std::string source = text_of(directory.path() / "table.dsl");
  CHECK_THAT(source, !ContainsSubstring("rror") && !ContainsSubstring("nvalid") &&
                         !ContainsSubstring("ncorrect checksum"));
  const std::string compiled = iasl(directory, "-vw 6033 -p again table.dsl");
  CHECK_THAT(compiled, ContainsSubstring("0 Errors, 0 Warnings, 0 Remarks") ||
                           ContainsSubstring("Table Input"));
  CHECK_THAT(compiled, !ContainsSubstring("Error  ") && !ContainsSubstring("Warning  "));
  std::ifstream again{directory.path() / "again.aml", std::ios::binary};
  std::ostringstream bytes;
  bytes << again.rdbuf();
  // Compiling again must give the same table, but for the compiler's name and the checksum.
  std::string expected(reinterpret_cast<const char*>(table.data()), table.size());
  std::string actual = bytes.str();
  REQUIRE(actual.size() == expected.size());
  for (std::string* text : {&expected, &actual}) {
    (*text)[9] = 0;
    text->replace(28, 8, 8, '\0');
  }
  CHECK(actual == expected);
  return source;
}

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
  for (const char* absent : {"UAR", "RTC0", "VI00", "VMOD", "VMBS", "P002"}) {
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
                              "Interrupt (ResourceConsumer, Level, ActiveHigh, Shared, ,, )",
                              "Name (_S5, Package (0x04)"}) {
    CHECK_THAT(source, ContainsSubstring(present));
  }
  CHECK_THAT(source, !ContainsSubstring("UAR4"));
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
