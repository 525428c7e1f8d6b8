// The trees as dtc, the compiler that Linux's own trees are made with, understands them.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/loader/arm64/flat_tree.hpp"
#include "tests/loader/arm64/sample_machines.hpp"
#include "tests/runtime/temporary_directory.hpp"

using namespace loader::arm64;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string text_of(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

/// The tree's source. Every check of dtc's is on, and none may have anything to say.
std::string decompiled(const loader::Bytes& tree) {
  const TemporaryDirectory directory;
  std::ofstream{directory.file("tree.dtb"), std::ios::binary}.write(
      reinterpret_cast<const char*>(tree.data()), static_cast<std::streamsize>(tree.size()));
  const std::string command = "dtc -I dtb -O dts -o " + directory.file("tree.dts") + " " +
                              directory.file("tree.dtb") + " 2>" + directory.file("said");
  const int status = std::system(command.c_str());
  const std::string said = text_of(directory.file("said"));
  CHECK(status == 0);  // 127: device-tree-compiler is missing; tests/setup installs it
  CHECK(said == "");
  return text_of(directory.file("tree.dts"));
}

}  // namespace

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
        "linux,uefi-secure-boot = <0x00>"}) {
    CHECK_THAT(source, ContainsSubstring(present));
  }
}
