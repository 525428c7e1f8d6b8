#include "vmm/option_values.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <string>

#include "vmm/options.hpp"

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using vmm::BadUsage;
using vmm::SerialBackend;
namespace values = vmm::option_values;

namespace {

using Texts = std::array<std::string, vmm::serial_port_count>;

}  // namespace

TEST_CASE("option --memory: sizes that no machine can have are refused by what they are",
          "[vmm][options]") {
  for (const char* text : {"0", "1", "1M", "512M1", "3.7G", "", "lots"}) {
    INFO(text);
    CHECK_THROWS_MATCHES(
        values::memory(text), BadUsage,
        MessageMatches(ContainsSubstring("--memory: found") && ContainsSubstring("expected")));
  }
  CHECK_THROWS_MATCHES(values::memory("2097153"), BadUsage,
                       MessageMatches(ContainsSubstring("a multiple of 4K")));
  CHECK_THROWS_MATCHES(values::memory("8000T"), BadUsage,
                       MessageMatches(ContainsSubstring("what this host has")));
  CHECK(values::memory("64M") == 64u << 20);
}

TEST_CASE("option --processors: 1 to 255", "[vmm][options]") {
  CHECK(values::processors("1") == 1);
  CHECK(values::processors("255") == 255);
  for (const char* text : {"0", "256", "10000", "-1", "two", "", "1.5", "4294967297"}) {
    INFO(text);
    CHECK_THROWS_MATCHES(values::processors(text), BadUsage,
                         MessageMatches(ContainsSubstring("from 1 to 255")));
  }
}

namespace {

constexpr auto pc = vmm::Architecture::X86_64;
constexpr auto arm64 = vmm::Architecture::Arm64;

std::string default_line(vmm::Architecture architecture,
                         const std::array<SerialBackend, 4>& serial) {
  vmm::MachineConfig machine;
  machine.architecture = architecture;
  machine.serial = serial;
  return values::default_command_line(machine);
}

}  // namespace

TEST_CASE("option --comN: every backend by its name", "[vmm][options]") {
  using Kind = SerialBackend::Kind;
  const auto backends =
      values::serial_ports(Texts{"console", "file=a=b", "listen=/run/x", "pty"}, pc);
  CHECK(backends[0] == SerialBackend{Kind::Console});
  CHECK(backends[1] == SerialBackend{Kind::File, "a=b"});
  CHECK(backends[2] == SerialBackend{Kind::Listen, "/run/x"});
  CHECK(backends[3] == SerialBackend{Kind::Pty});
  CHECK(values::serial_ports(Texts{"none", "stderr", "none", "none"}, pc)[1] ==
        SerialBackend{Kind::Stderr});
}

TEST_CASE("option --comN: nonsense and a second console are refused with the port's name",
          "[vmm][options]") {
  for (const char* text : {"", "tty", "file=", "file", "listen=", "console=1", "none=", "pty=x"}) {
    INFO(text);
    CHECK_THROWS_MATCHES(values::serial_ports(Texts{"none", "none", text, "none"}, pc), BadUsage,
                         MessageMatches(ContainsSubstring("--com3: found")));
  }
  CHECK_THROWS_MATCHES(
      values::serial_ports(Texts{"console", "none", "none", "console"}, pc), BadUsage,
      MessageMatches(ContainsSubstring("--com4: found console, but --com1 has it")));
}

TEST_CASE("option --comN: two ports do not share a file or socket", "[vmm][options]") {
  CHECK_THROWS_MATCHES(
      values::serial_ports(Texts{"file=x", "none", "file=x", "none"}, pc), BadUsage,
      MessageMatches(ContainsSubstring("--com3: found file=x, but --com1 has it")));
  CHECK_NOTHROW(values::serial_ports(Texts{"file=x", "file=y", "pty", "pty"}, pc));
}

TEST_CASE("option --log-level: five names and nothing else", "[vmm][options]") {
  CHECK(values::log_level("trace") == runtime::log::Level::Trace);
  CHECK_THROWS_MATCHES(values::log_level("loud"), BadUsage,
                       MessageMatches(ContainsSubstring("--log-level: found 'loud'")));
}

TEST_CASE("option --smbios: pairs set what they name", "[vmm][options]") {
  loader::smbios::Identity identity;
  values::add_smbios("manufacturer=Acme,serial=42,uuid=00112233-4455-6677-8899-aAbBcCdDeEfF",
                     identity);
  values::add_smbios("sku=", identity);
  CHECK(identity.manufacturer == "Acme");
  CHECK(identity.serial == "42");
  CHECK(identity.product == "Mayfly Virtual Machine");
  CHECK(identity.uuid[0] == 0x00);
  CHECK(identity.uuid[15] == 0xFF);
}

TEST_CASE("option --smbios: wrong keys, values and identifiers are refused", "[vmm][options]") {
  loader::smbios::Identity identity;
  for (const char* pairs :
       {"", "serial", "serial=1,", "colour=blue", "uuid=", "uuid=00112233",
        "uuid=00112233-4455-6677-8899-aabbccddeefg", "uuid=00112233+4455-6677-8899-aabbccddeeff"}) {
    INFO(pairs);
    CHECK_THROWS_MATCHES(values::add_smbios(pairs, identity), BadUsage,
                         MessageMatches(ContainsSubstring("--smbios")));
  }
  CHECK_THROWS_MATCHES(values::add_smbios("family=" + std::string(65, 'x'), identity), BadUsage,
                       MessageMatches(ContainsSubstring("at most 64")));
}

TEST_CASE("power actions: each option has its own set", "[vmm][options]") {
  CHECK(values::on_shutdown("halt") == vmm::OnShutdown::Halt);
  CHECK(values::on_reset("restart") == vmm::OnReset::Restart);
  CHECK(values::on_crash("restart") == vmm::OnCrash::Restart);
  CHECK_THROWS_MATCHES(values::on_shutdown("restart"), BadUsage,
                       MessageMatches(ContainsSubstring("exit, halt")));
  CHECK_THROWS_AS(values::on_reset("halt"), BadUsage);
  CHECK_THROWS_AS(values::on_crash(""), BadUsage);
}

TEST_CASE("command line: the console is the port that has it", "[vmm][options]") {
  using Kind = SerialBackend::Kind;
  const std::array<SerialBackend, 4> com2{SerialBackend{}, SerialBackend{Kind::Console}, {}, {}};
  CHECK_THAT(default_line(pc, com2), ContainsSubstring("console=ttyS1"));
  CHECK_THAT(default_line(pc, {}), !ContainsSubstring("console="));
}

TEST_CASE("command line: without this terminal the first port there is has the console",
          "[vmm][options]") {
  using Kind = SerialBackend::Kind;
  const std::array<SerialBackend, 4> file{
      SerialBackend{}, SerialBackend{}, SerialBackend{Kind::File, "boot.log"}, {}};
  CHECK_THAT(default_line(pc, file), ContainsSubstring("console=ttyS2"));
}

TEST_CASE("command line: an arm64 kernel counts the ports that there are", "[vmm][options]") {
  using Kind = SerialBackend::Kind;
  CHECK_THAT(default_line(arm64, {SerialBackend{Kind::Stderr}, SerialBackend{Kind::Console}}),
             ContainsSubstring("console=ttyAMA1"));
  CHECK_THAT(default_line(arm64, {SerialBackend{}, SerialBackend{Kind::Console}}),
             ContainsSubstring("console=ttyAMA0"));
  CHECK_THAT(default_line(arm64, {}), !ContainsSubstring("console=") && !ContainsSubstring("pci"));
}

TEST_CASE("option --comN: an arm64 machine has two", "[vmm][options]") {
  CHECK_NOTHROW(values::serial_ports(Texts{"console", "pty", "none", "none"}, arm64));
  CHECK_THROWS_MATCHES(
      values::serial_ports(Texts{"console", "none", "none", "pty"}, arm64), BadUsage,
      MessageMatches(ContainsSubstring("--com4: found pty, but an arm64 machine has 2")));
}

TEST_CASE("option --arch: another host's machine is described and never run", "[vmm][options]") {
  const auto other = vmm::host_architecture == pc ? arm64 : pc;
  CHECK(values::architecture(name(vmm::host_architecture), false) == vmm::host_architecture);
  CHECK(values::architecture(name(other), true) == other);
  CHECK_THROWS_MATCHES(values::architecture(name(other), false), BadUsage,
                       MessageMatches(ContainsSubstring("only with --dry-run")));
  CHECK_THROWS_AS(values::architecture("mips", true), BadUsage);
}

TEST_CASE("options of AArch64 machines: their values, and a refusal elsewhere", "[vmm][options]") {
  CHECK(values::gic_msi("auto") == vmm::MsiChoice::Automatic);
  CHECK(values::gic_msi("its") == vmm::MsiChoice::Its);
  CHECK(values::gic_msi("v2m") == vmm::MsiChoice::V2m);
  CHECK_THROWS_AS(values::gic_msi("none"), BadUsage);
  CHECK(values::pmu("on"));
  CHECK_FALSE(values::pmu("off"));
  CHECK_THROWS_AS(values::pmu(""), BadUsage);
  CHECK_NOTHROW(values::refuse_arm64_options(false, {}, {}));
  CHECK_THROWS_MATCHES(values::refuse_arm64_options(false, "its", {}), BadUsage,
                       MessageMatches(ContainsSubstring("--gic-msi: found 'its'")));
  CHECK_THROWS_MATCHES(values::refuse_arm64_options(false, {}, "off"), BadUsage,
                       MessageMatches(ContainsSubstring("--pmu: found 'off'")));
}

TEST_CASE("command line: words are joined by single spaces", "[vmm][options]") {
  CHECK(values::command_line("a=1", std::array<std::string, 3>{"b", "", "c d"}) == "a=1 b c d");
  CHECK(values::command_line("", std::array<std::string, 1>{"quiet"}) == "quiet");
  CHECK_THROWS_AS(values::command_line("", std::array<std::string, 1>{"two\nlines"}), BadUsage);
  CHECK_THROWS_AS(values::command_line("", std::array<std::string, 1>{std::string{"a\0b", 3}}),
                  BadUsage);
}
