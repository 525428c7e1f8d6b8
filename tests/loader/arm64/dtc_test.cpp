// The trees as dtc understands them.
#include "tests/loader/arm64/dtc.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/loader/arm64/sample_machines.hpp"

using namespace loader::arm64;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("dtc: no machine's tree has anything to warn of", "[loader][tree][dtc]") {
  for (const Machine& machine : samples::all_machines()) {
    CAPTURE(machine.processors.size(), machine.platform.gic_msi.index());
    CHECK_THAT(decompiled(machine_tree(machine, samples::full_chosen())),
               ContainsSubstring("compatible = \"linux,dummy-virt\""));
  }
}

TEST_CASE("dtc: a stub reads as it is meant", "[loader][tree][dtc]") {
  const std::string source = decompiled(stub_tree(samples::full_chosen()));
  for (const char* present :
       {"bootargs = \"console=ttyAMA0 quiet\"", "linux,initrd-start = <0x00 0x48000000>",
        "linux,uefi-system-table = <0x00 0x40001000>", "linux,uefi-mmap-desc-size = <0x28>",
        "linux,uefi-secure-boot = <0x02>"}) {
    CHECK_THAT(source, ContainsSubstring(present));
  }
}
