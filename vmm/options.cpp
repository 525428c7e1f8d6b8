#include "vmm/options.hpp"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "runtime/units.hpp"
#include "vmm/disk_options.hpp"
#include "vmm/net_options.hpp"
#include "vmm/option_list.hpp"
#include "vmm/option_values.hpp"
#include "vmm/size.hpp"
#include "vmm/version.hpp"
#include "vmm/virtio_devices.hpp"

namespace vmm {
namespace {

using namespace runtime::literals;

constexpr const char* description =
    "Boots a Linux kernel in a virtual machine, straight to user space, with no firmware.";

constexpr const char* examples = R"(
Examples:
  mayfly -k vmlinuz -r initrd.img
      Boot to the initrd's prompt; the guest's serial console is this terminal.
      Ctrl-Q q quits, Ctrl-Q Ctrl-Q sends one Ctrl-Q.
  mayfly -k vmlinuz -r initrd.img --disk file=root.img,overlay -c root=/dev/vda
      A root file system on a disk image, which stays as it is.
  mayfly -k vmlinux -r initrd.img -m 2G -p 4 -c "quiet init=/bin/sh"
      Two GiB, four processors, more words for the kernel's command line.
  mayfly -k vmlinuz -r initrd.img --com1 file=boot.log --explain-boot
      Console into a file; where the time went, as a table, at the end.
  mayfly -k vmlinuz -m 4G --dry-run
      Show the machine (memory map, devices, command line) without running it.
  mayfly -k Image --arch arm64 --device-tree --dry-run
      The same for an AArch64 host, on any host.

Serial backends (--com1 .. --com4, --virtio-console):
  console      this terminal (one device only)    none         nothing there
  stderr       output to standard error           file=PATH    output to a file, made anew
  listen=PATH  a Unix socket, one client at a     pty          a new pseudo-terminal; its name
               time; without one output is lost                is printed

Disks (--disk file=PATH and any of these after commas; a comma in PATH is written twice):
  ro       the guest cannot write to it           overlay  what the guest writes goes to a
  direct   past the host's page cache                      temporary file, lost at the end
  id=ID    its serial number in the guest;        discard  what the guest discards (fstrim) is
           default disk0, disk1, ...                       freed in the image
  queues=N 1 to 16; default 1             transport=HOW  in place of --virtio-transport
  format=raw  take the image as it is, even if it looks like qcow2, VMDK, ...

Networks (--net, one of the first three, any of the others after commas; repeat for more):
  tap=NAME   a tap of the host's, which exists    mac=MAC   the guest's address; default made from
  fd=N       a tap that is open already                     the tap's name: the same each time
  user       a network of the guest's own: it     mtu=N     the guest's largest packet
             is 10.0.2.15 (DHCP), the host        queues=N  1 to 16, of a multi_queue tap;
             10.0.2.2, names from 10.0.2.3                  default 1
  transport=HOW  in place of --virtio-transport
  hostfwd=tcp:ADDR:PORT-:PORT, or udp: a port of the host that leads to one of a user network's guest

Exit status:
  0 guest powered off, or reset with --on-reset exit    64 bad usage     65 bad input file
  70 guest crashed    71 the host failed us             128+N stopped by signal N
)";

/// What the options say before anything has been checked.
struct Words {
  std::string kernel;
  std::string kernel_entry = "auto";
  std::optional<std::string> initrd;
  std::vector<std::string> command_line;
  bool no_default_command_line = false;
  std::string memory = "512M";
  std::string processors = "1";
  std::optional<std::string> com1;  // console, unless that is the virtio console's
  std::array<std::string, serial_port_count> serial{"console", "none", "none", "none"};
  std::string virtio_console = "none";
  bool rng = false;
  std::string virtio_transport = "mmio";
  std::vector<std::string> disks;
  std::vector<std::string> networks;
  std::vector<std::string> smbios;
  bool device_tree = false;
  std::optional<std::string> gic_msi;
  std::optional<std::string> pmu;
  std::string architecture{name(host_architecture)};
  std::string on_shutdown = "exit";
  std::string on_reset = "exit";
  std::string on_crash = "exit";
  std::optional<std::string> timeline;
  bool explain_boot = false;
  bool dry_run = false;
  std::optional<std::string> pidfile;
  std::string log_level = "warning";
};

void describe_machine_options(OptionList& app, Words& words) {
  app.add_option("-k,--kernel", words.kernel,
                 "Kernel: vmlinux, bzImage, or either one compressed (gz, xz, zst, ...);\n"
                 "on AArch64: Image, the same compressed, or vmlinuz.efi")
      ->type_name("FILE");
  app.add_option(
         "--kernel-entry", words.kernel_entry,
         "x86_64: how to enter it: auto, elf (unpacked on the host), bzimage (unpacks itself), pvh")
      ->type_name("HOW");
  app.add_option("-r,--initrd", words.initrd, "Initial RAM disk")->type_name("FILE");
  app.add_option("-c,--cmdline", words.command_line,
                 "Words for the kernel's command line; repeat to add more")
      ->type_name("STR")
      ->allow_extra_args(false);
  app.add_flag("--no-default-cmdline", words.no_default_command_line,
               "Start from an empty kernel command line (--dry-run shows the default)");
  app.add_option("-m,--memory", words.memory, "RAM: 256M, 4G; default 512M")->type_name("SIZE");
  app.add_option("-p,--processors", words.processors, "Virtual processors, 1 to 255; default 1")
      ->type_name("N");
  app.add_option("--com1", words.com1,
                 "Serial port 1; default console, or none if --virtio-console is the console")
      ->type_name("BACKEND");
  app.add_option("--com2", words.serial[1], "Serial port 2; default none")->type_name("BACKEND");
  app.add_option("--com3", words.serial[2], "Serial port 3 (x86_64 only); default none")
      ->type_name("BACKEND");
  app.add_option("--com4", words.serial[3], "Serial port 4 (x86_64 only); default none")
      ->type_name("BACKEND");
  app.add_option(
         "--smbios", words.smbios,
         "Identity in /sys/class/dmi/id: manufacturer, product, version, serial, uuid, sku, "
         "family, bios-vendor, bios-version, bios-date")
      ->type_name("KEY=VALUE,...")
      ->allow_extra_args(false);
}

void describe_virtio_options(OptionList& app, Words& words) {
  constexpr const char* group = "Virtio devices";
  app.add_option("--virtio-console", words.virtio_console,
                 "Console (hvc0): costs the guest a fraction of a serial port, but its kernel\n"
                 "needs the driver; default none")
      ->type_name("BACKEND")
      ->group(group);
  app.add_option("--disk", words.disks,
                 "Disk on a raw image or block device; repeat for more (see below)")
      ->type_name("file=PATH,...")
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--net", words.networks, "Network device; repeat for more (see below)")
      ->type_name("tap=NAME|fd=N|user,...")
      ->allow_extra_args(false)
      ->group(group);
  app.add_flag("--rng", words.rng, "Entropy device (/dev/hwrng)")->group(group);
  app.add_option("--virtio-transport", words.virtio_transport,
                 "How they are found, unless one says otherwise: mmio or pci; default mmio")
      ->type_name("HOW")
      ->group(group);
}

void describe_arm64_options(OptionList& app, Words& words) {
  constexpr const char* group = "AArch64";
  app.add_flag("--device-tree", words.device_tree,
               "Describe the machine by a device tree, not ACPI")
      ->group(group);
  app.add_option(
         "--gic-msi", words.gic_msi,
         "Interrupts as messages: auto, its or v2m; default auto, an ITS where there is one")
      ->type_name("HOW")
      ->group(group);
  app.add_option("--pmu", words.pmu, "on or off; default on, where the host has one")
      ->type_name("on|off")
      ->group(group);
}

void describe_process_options(OptionList& app, Words& words) {
  app.add_option("--on-shutdown", words.on_shutdown, "Guest powers off: exit or halt; default exit")
      ->type_name("ACTION");
  app.add_option("--on-reset", words.on_reset, "Guest resets: exit or restart; default exit")
      ->type_name("ACTION");
  app.add_option("--on-crash", words.on_crash, "Guest crashes: exit, halt or restart; default exit")
      ->type_name("ACTION");
  app.add_option(
         "--timeline", words.timeline,
         "Write boot events as JSON lines to FILE, or with - to standard output; at the end")
      ->type_name("FILE|-");
  app.add_flag("--explain-boot", words.explain_boot, "At the end, a table of where the time went");
  app.add_option("--log-level", words.log_level,
                 "error, warning, info, debug or trace; default warning")
      ->type_name("LEVEL");
  app.add_option("--pidfile", words.pidfile, "Write the process id to FILE; removed at the end")
      ->type_name("FILE");
  app.add_flag("--dry-run", words.dry_run, "Print the machine that would be built, and exit");
  app.add_option("--arch", words.architecture,
                 "With --dry-run: whose machine to print, x86_64 or arm64; default this host's")
      ->type_name("ARCH");
}

/// What only one architecture's machines have.
void check_architecture(const Words& words, MachineConfig& machine) {
  machine.architecture = option_values::architecture(words.architecture, words.dry_run);
  machine.kernel_entry = option_values::kernel_entry(words.kernel_entry);
  if (machine.architecture == Architecture::X86_64) {
    option_values::refuse_arm64_options(words.device_tree, words.gic_msi, words.pmu);
    return;
  }
  if (machine.kernel_entry != loader::x86_64::KernelEntry::Automatic) {
    throw BadUsage{fmt::format("--kernel-entry: found '{}', but an arm64 kernel has one entry only",
                               words.kernel_entry)};
  }
  machine.device_tree = words.device_tree;
  if (words.gic_msi) machine.gic_msi = option_values::gic_msi(*words.gic_msi);
  if (words.pmu) machine.pmu = option_values::pmu(*words.pmu);
}

void check_device_count(const MachineConfig& machine, VirtioTransport transport) {
  const std::size_t count = virtio_device_names(machine, transport).size();
  const std::size_t most = most_virtio_devices(transport);
  if (count <= most) return;
  const bool networks = std::ranges::count(machine.networks, transport, &NetConfig::transport) != 0;
  throw BadUsage{fmt::format("{}: found {} virtio devices on {} with it, expected at most {}",
                             networks ? "--net" : "--disk", count,
                             transport == VirtioTransport::Pci ? "PCI" : "MMIO", most)};
}

Options check(const Words& words) {
  if (words.kernel.empty())
    throw BadUsage{"--kernel: found nothing, expected a kernel file (see --help)"};
  Options options;
  MachineConfig& machine = options.machine;
  check_architecture(words, machine);
  machine.kernel_path = words.kernel;
  machine.initrd_path = option_values::path("--initrd", words.initrd);
  machine.memory_bytes = option_values::memory(words.memory);
  machine.processors = option_values::processors(words.processors);
  auto serial = words.serial;
  serial[0] = words.com1.value_or(words.virtio_console == "console" ? "none" : "console");
  machine.serial = option_values::serial_ports(serial, machine.architecture);
  machine.virtio_console = option_values::virtio_console(words.virtio_console, machine.serial);
  machine.rng = words.rng;
  machine.virtio_transport =
      option_values::virtio_transport("--virtio-transport", words.virtio_transport);
  machine.disks = option_values::disks(words.disks, machine.virtio_transport);
  machine.networks = option_values::networks(words.networks, machine.virtio_transport);
  for (const auto transport : {VirtioTransport::Mmio, VirtioTransport::Pci}) {
    check_device_count(machine, transport);
  }
  for (const std::string& pairs : words.smbios) option_values::add_smbios(pairs, machine.smbios);
  machine.command_line = option_values::command_line(
      words.no_default_command_line ? "" : option_values::default_command_line(machine),
      words.command_line);
  options.power = {.on_shutdown = option_values::on_shutdown(words.on_shutdown),
                   .on_reset = option_values::on_reset(words.on_reset),
                   .on_crash = option_values::on_crash(words.on_crash)};
  options.timeline_path = option_values::path("--timeline", words.timeline);
  options.explain_boot = words.explain_boot;
  options.dry_run = words.dry_run;
  options.pidfile_path = option_values::path("--pidfile", words.pidfile);
  options.log_level = option_values::log_level(words.log_level);
  return options;
}

}  // namespace

std::variant<Options, Answer> parse_options(std::span<const char* const> arguments) {
  CLI::App app{description, "mayfly"};
  app.footer(examples);
  app.set_version_flag("-V,--version", std::string{"mayfly "} + version);
  Words words;
  OptionList options{app, arguments};
  describe_machine_options(options, words);
  describe_virtio_options(options, words);
  describe_arm64_options(options, words);
  describe_process_options(options, words);
  try {
    // CLI11 takes its words last first.
    std::vector<std::string> reversed{arguments.rbegin(), arguments.rend()};
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    return Answer{app.help()};
  } catch (const CLI::CallForVersion&) {
    return Answer{fmt::format("mayfly {}\n", version)};
  } catch (const CLI::ParseError& error) {
    throw BadUsage{error.what()};
  }
  return check(words);
}

}  // namespace vmm
