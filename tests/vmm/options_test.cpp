#include "vmm/options.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <initializer_list>
#include <vector>

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using Catch::Matchers::StartsWith;
using vmm::Answer;
using vmm::BadUsage;
using vmm::Options;
using vmm::parse_options;

namespace {

Options parse(std::initializer_list<const char*> words) {
  const std::vector<const char*> arguments{words};
  return std::get<Options>(parse_options(arguments));
}

}  // namespace

TEST_CASE("options: a kernel is enough, the rest has defaults", "[vmm][options]") {
  const Options options = parse({"-k", "vmlinux"});
  CHECK(options.machine.kernel_path == "vmlinux");
  CHECK_FALSE(options.machine.initrd_path);
  CHECK(options.machine.memory_bytes == 512u << 20);
  CHECK(options.machine.processors == 1);
  CHECK(options.machine.serial[0].kind == vmm::SerialBackend::Kind::Console);
  CHECK(options.machine.serial[1].kind == vmm::SerialBackend::Kind::None);
  CHECK_FALSE(options.explain_boot);
}

TEST_CASE("options: the kernel's words by default are its architecture's", "[vmm][options]") {
  const auto words = [](const char* architecture) {
    return parse({"-k", "k", "--dry-run", "--arch", architecture}).machine.command_line;
  };
  CHECK_THAT(words("x86_64"), StartsWith("panic=-1 reboot=t console=ttyS0"));
  CHECK_THAT(words("arm64"), StartsWith("panic=-1 reboot=panic_warm console=ttyAMA0"));
}

TEST_CASE("options: a virtio console on this terminal takes the serial port's place",
          "[vmm][options]") {
  const Options options = parse({"-k", "k", "--virtio-console", "console", "--rng"});
  using Kind = vmm::SerialBackend::Kind;
  CHECK(options.machine.serial[0].kind == Kind::None);
  CHECK(options.machine.virtio_console.kind == Kind::Console);
  CHECK(options.machine.rng);
  CHECK_THAT(options.machine.command_line,
             ContainsSubstring(" console=hvc0 ") && !ContainsSubstring("ttyS"));

  const Options both = parse({"-k", "k", "--virtio-console", "console", "--com1", "file=boot.log"});
  CHECK(both.machine.serial[0].kind == Kind::File);
  CHECK_THAT(both.machine.command_line, ContainsSubstring("0 console=hvc0 "));

  const Options beside = parse({"-k", "k", "--virtio-console", "pty"});
  CHECK(beside.machine.serial[0].kind == Kind::Console);
}

TEST_CASE("options: virtio devices on a PCI bus, which the kernel then looks for",
          "[vmm][options]") {
  using Transport = vmm::VirtioTransport;
  const auto parsed = [](std::initializer_list<const char*> more) {
    std::vector<const char*> words{"-k", "k", "--dry-run", "--arch", "x86_64"};
    words.insert(words.end(), more);
    return std::get<Options>(parse_options(words)).machine;
  };
  CHECK(parsed({"--rng"}).virtio_transport == Transport::Mmio);
  CHECK(parsed({"--virtio-transport", "pci"}).virtio_transport == Transport::Pci);
  CHECK_THAT(parsed({"--rng"}).command_line, ContainsSubstring(" pci=off "));
  CHECK_THAT(parsed({"--virtio-transport", "pci"}).command_line, ContainsSubstring(" pci=off "));
  CHECK_THAT(parsed({"--rng", "--virtio-transport", "pci"}).command_line,
             !ContainsSubstring("pci"));
  CHECK_THAT(parsed({"--disk", "file=a,transport=pci"}).command_line, !ContainsSubstring("pci"));
  CHECK_THAT(parsed({"--disk", "file=a,transport=mmio", "--virtio-transport", "pci"}).command_line,
             ContainsSubstring(" pci=off "));
  const auto mixed = parsed({"--virtio-transport", "pci", "--disk", "file=a", "--disk",
                             "file=b,transport=mmio", "--net", "user,transport=mmio"});
  CHECK(mixed.disks[0].transport == Transport::Pci);
  CHECK(mixed.disks[1].transport == Transport::Mmio);
  CHECK(mixed.networks[0].transport == Transport::Mmio);
  CHECK_THROWS_MATCHES(
      parsed({"--virtio-transport", "isa"}), BadUsage,
      MessageMatches(ContainsSubstring("--virtio-transport: found 'isa', expected one of")));
}

TEST_CASE("options: two devices cannot have one terminal or file", "[vmm][options]") {
  CHECK_THROWS_MATCHES(
      parse({"-k", "k", "--virtio-console", "console", "--com2", "console"}), BadUsage,
      MessageMatches(ContainsSubstring("--virtio-console: found console, but --com2 has it")));
  CHECK_THROWS_MATCHES(
      parse({"-k", "k", "--virtio-console", "file=x", "--com1", "file=x"}), BadUsage,
      MessageMatches(ContainsSubstring("--virtio-console: found file=x, but --com1 has it")));
  CHECK_THROWS_MATCHES(
      parse({"-k", "k", "--virtio-console", "tty"}), BadUsage,
      MessageMatches(ContainsSubstring("--virtio-console: found 'tty', expected console")));
}

TEST_CASE("options: short, long and repeated forms", "[vmm][options]") {
  const Options options = parse({"--kernel=k", "-r", "i", "-c", "one", "--cmdline", "two=2", "-c",
                                 "-three", "-m", "1G", "-p", "4", "--no-default-cmdline",
                                 "--explain-boot", "--timeline", "-", "--pidfile", "p"});
  CHECK(options.machine.initrd_path == "i");
  CHECK(options.machine.command_line == "one two=2 -three");
  CHECK(options.machine.memory_bytes == 1u << 30);
  CHECK(options.machine.processors == 4);
  CHECK(options.explain_boot);
  CHECK(options.timeline_path == "-");
  CHECK(options.pidfile_path == "p");
}

TEST_CASE("options: letters may stand together, and help behind anything", "[vmm][options]") {
  CHECK(parse({"-kk", "-p4"}).machine.processors == 4);
  const char* const mixed[] = {"-hkk"};
  CHECK_THAT(std::get<Answer>(parse_options(mixed)).text, ContainsSubstring("--on-crash"));
  const char* const late[] = {"-k", "k", "--dry-run", "--help"};
  CHECK_THAT(std::get<Answer>(parse_options(late)).text, ContainsSubstring("--gic-msi"));
}

TEST_CASE("options: help and version are answers, not machines", "[vmm][options]") {
  const char* const help[] = {"--help"};
  CHECK_THAT(std::get<Answer>(parse_options(help)).text, ContainsSubstring("Examples:") &&
                                                             ContainsSubstring("--kernel") &&
                                                             ContainsSubstring("Exit status:"));
  const char* const version[] = {"--version"};
  CHECK_THAT(std::get<Answer>(parse_options(version)).text, StartsWith("mayfly "));
}

TEST_CASE("options: what is missing, unknown or left over is said by name", "[vmm][options]") {
  CHECK_THROWS_MATCHES(parse({}), BadUsage, MessageMatches(ContainsSubstring("--kernel")));
  CHECK_THROWS_MATCHES(parse({"-k", "k", "--frobnicate"}), BadUsage,
                       MessageMatches(ContainsSubstring("--frobnicate")));
  CHECK_THROWS_MATCHES(parse({"-k", "k", "leftover"}), BadUsage,
                       MessageMatches(ContainsSubstring("leftover")));
  CHECK_THROWS_AS(parse({"-k"}), BadUsage);
}

TEST_CASE("options: a device tree on x86_64 is refused with the reason", "[vmm][options]") {
  CHECK_THROWS_MATCHES(parse({"-k", "k", "--dry-run", "--arch", "x86_64", "--device-tree"}),
                       BadUsage, MessageMatches(ContainsSubstring("AArch64")));
}

TEST_CASE("options: every message is one line", "[vmm][options]") {
  const std::vector<std::vector<const char*>> wrong{{"-k"},
                                                    {"-k", "k", "-p", "0"},
                                                    {"-k", "k", "--x"},
                                                    {"-k", "k", "a", "b"},
                                                    {"-k", "k", "-m", "x\ny"}};
  for (const auto& words : wrong) {
    try {
      (void)parse_options(words);
      FAIL("accepted");
    } catch (const BadUsage& error) {
      CHECK_THAT(error.what(), !ContainsSubstring("\r"));
    }
  }
}

TEST_CASE("options: disks in their order, and no more than there are places for",
          "[vmm][options]") {
  const Options options = parse({"-k", "k", "--disk", "file=a", "--rng", "--disk=file=b,ro"});
  REQUIRE(options.machine.disks.size() == 2);
  CHECK(options.machine.disks[1].path == "b");
  std::vector<const char*> arguments{"-k", "k"};
  for (int i = 0; i < 18; ++i) arguments.insert(arguments.end(), {"--disk", "file=a"});
  CHECK_THROWS_MATCHES(
      parse_options(arguments), BadUsage,
      MessageMatches(
          StartsWith("--disk: found 18 virtio devices on MMIO with it, expected at most 17")));
  arguments.insert(arguments.end(), {"--virtio-transport", "pci"});
  CHECK_NOTHROW(parse_options(arguments));
  arguments.resize(arguments.size() - 4);
  CHECK_NOTHROW(parse_options(arguments));
  for (int i = 0; i < 30; ++i) {
    arguments.insert(arguments.end(), {"--disk", "file=a,transport=pci"});
  }
  arguments.insert(arguments.end(), {"--net", "user,transport=pci"});
  CHECK_NOTHROW(parse_options(arguments));
  arguments.insert(arguments.end(), {"--net", "user,transport=pci"});
  CHECK_THROWS_MATCHES(parse_options(arguments), BadUsage,
                       MessageMatches(StartsWith(
                           "--net: found 32 virtio devices on PCI with it, expected at most 31")));
}
