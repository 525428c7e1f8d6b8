#include "vmm/option_values.hpp"
#include "vmm/virtio_devices.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "runtime/units.hpp"
#include "vmm/options.hpp"
#include "vmm/size.hpp"
#include "vmm/virtio_devices.hpp"

namespace vmm::option_values {
namespace {

using namespace runtime::literals;

constexpr std::uint64_t page_bytes = 4_KiB;
constexpr std::uint64_t min_memory_bytes = 2_MiB;
constexpr std::uint32_t max_processors = 255;

template <typename... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> message, Args&&... args) {
  throw BadUsage{fmt::format(message, std::forward<Args>(args)...)};
}

/// The value named by `text`; `option` and all names go into the refusal.
template <typename Value, std::size_t Count>
Value choose(std::string_view option, std::string_view text,
             const std::array<std::pair<std::string_view, Value>, Count>& choices) {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : choices) {
    if (name == text) return value;
    names.push_back(name);
  }
  refuse("{}: found '{}', expected one of {}", option, text, fmt::join(names, ", "));
}

template <typename Value>
using Choice = std::pair<std::string_view, Value>;

std::uint64_t host_memory_bytes() {
  struct sysinfo info {};
  if (::sysinfo(&info) != 0) return ~std::uint64_t{0};
  return (std::uint64_t{info.totalram} + info.totalswap) * info.mem_unit;
}

SerialBackend serial_backend(std::string_view option, std::string_view text) {
  using Kind = SerialBackend::Kind;
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const bool has_path = equals != std::string_view::npos && equals + 1 < text.size();
  if (has_path && name == "file") return {Kind::File, std::string{text.substr(equals + 1)}};
  if (has_path && name == "listen") return {Kind::Listen, std::string{text.substr(equals + 1)}};
  if (equals == std::string_view::npos) {
    if (name == "none") return {Kind::None};
    if (name == "console") return {Kind::Console};
    if (name == "stderr") return {Kind::Stderr};
    if (name == "pty") return {Kind::Pty};
  }
  refuse("{}: found '{}', expected console, none, stderr, file=PATH, listen=PATH or pty", option,
         text);
}

std::array<std::uint8_t, 16> uuid(std::string_view text) {
  std::array<std::uint8_t, 16> bytes{};
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash_here = i == 8 || i == 13 || i == 18 || i == 23;
    if ((text[i] == '-') != dash_here) break;
    if (!dash_here) digits += text[i];
  }
  bool valid = text.size() == 36 && digits.size() == 32;
  for (std::size_t i = 0; valid && i < bytes.size(); ++i) {
    const char* const pair = digits.data() + 2 * i;
    valid = std::from_chars(pair, pair + 2, bytes[i], 16).ptr == pair + 2;
  }
  if (!valid) {
    refuse("--smbios uuid: found '{}', expected the form 01234567-89ab-cdef-0123-456789abcdef",
           text);
  }
  return bytes;
}

std::string* smbios_text(std::string_view key, loader::smbios::Identity& identity) {
  if (key == "manufacturer") return &identity.manufacturer;
  if (key == "product") return &identity.product;
  if (key == "version") return &identity.version;
  if (key == "serial") return &identity.serial;
  if (key == "sku") return &identity.sku;
  if (key == "family") return &identity.family;
  if (key == "bios-vendor") return &identity.bios_vendor;
  if (key == "bios-version") return &identity.bios_version;
  if (key == "bios-date") return &identity.bios_date;
  return nullptr;
}

void add_smbios_pair(std::string_view pair, loader::smbios::Identity& identity) {
  constexpr std::size_t max_text_bytes = 64;  // SMBIOS 2.x's limit, which readers still assume
  const std::size_t equals = pair.find('=');
  const std::string_view key = pair.substr(0, equals);
  if (equals == std::string_view::npos) refuse("--smbios: found '{}', expected KEY=VALUE", pair);
  const std::string_view value = pair.substr(equals + 1);
  if (key == "uuid") {
    identity.uuid = uuid(value);
    return;
  }
  std::string* const text = smbios_text(key, identity);
  if (text == nullptr) {
    refuse(
        "--smbios: found key '{}', expected manufacturer, product, version, serial, uuid, sku, "
        "family, bios-vendor, bios-version or bios-date",
        key);
  }
  if (std::ranges::any_of(value,
                          [](char letter) { return static_cast<unsigned char>(letter) < 0x20; })) {
    refuse("--smbios {}: found a control character, expected plain text", key);
  }
  if (value.size() > max_text_bytes) {
    refuse("--smbios {}: found {} bytes, expected at most {}", key, value.size(), max_text_bytes);
  }
  *text = value;
}

/// The port that is this terminal, else the first that exists.
std::optional<std::size_t> console_port(const MachineConfig& machine) {
  using Kind = SerialBackend::Kind;
  auto console = std::ranges::find(machine.serial, Kind::Console, &SerialBackend::kind);
  if (console == machine.serial.end()) {
    console = std::ranges::find_if(machine.serial,
                                   [](const auto& port) { return port.kind != Kind::None; });
  }
  if (console == machine.serial.end()) return std::nullopt;
  return static_cast<std::size_t>(console - machine.serial.begin());
}

/// A PC's port has its number by its address; PL011s are counted as they are found.
std::size_t ports_before(const MachineConfig& machine, std::size_t port) {
  return static_cast<std::size_t>(std::count_if(
      machine.serial.begin(), machine.serial.begin() + static_cast<std::ptrdiff_t>(port),
      [](const auto& one) { return one.kind != SerialBackend::Kind::None; }));
}

}  // namespace

Architecture architecture(std::string_view text, bool dry_run) {
  using Arch = Architecture;
  const Arch found =
      choose("--arch", text,
             std::array{Choice<Arch>{"x86_64", Arch::X86_64}, Choice<Arch>{"arm64", Arch::Arm64}});
  if (found != host_architecture && !dry_run) {
    refuse("--arch: found {}, expected this host's, {}; another one's only with --dry-run", text,
           name(host_architecture));
  }
  return found;
}

void refuse_arm64_options(bool device_tree, const std::optional<std::string>& gic_msi,
                          const std::optional<std::string>& pmu) {
  if (device_tree) {
    refuse(
        "--device-tree: x86_64 kernels take ACPI tables; a device tree boots AArch64 kernels only");
  }
  if (gic_msi) refuse("--gic-msi: found '{}', but x86_64 machines have no GIC", *gic_msi);
  if (pmu) refuse("--pmu: found '{}', but only AArch64 machines have this choice", *pmu);
}

MsiChoice gic_msi(std::string_view text) {
  using Msi = MsiChoice;
  return choose("--gic-msi", text,
                std::array{Choice<Msi>{"auto", Msi::Automatic}, Choice<Msi>{"its", Msi::Its},
                           Choice<Msi>{"v2m", Msi::V2m}});
}

bool pmu(std::string_view text) {
  return choose("--pmu", text, std::array{Choice<bool>{"on", true}, Choice<bool>{"off", false}});
}

loader::x86_64::KernelEntry kernel_entry(std::string_view text) {
  using Entry = loader::x86_64::KernelEntry;
  return choose(
      "--kernel-entry", text,
      std::array{Choice<Entry>{"auto", Entry::Automatic}, Choice<Entry>{"elf", Entry::Elf},
                 Choice<Entry>{"bzimage", Entry::BzImage}, Choice<Entry>{"pvh", Entry::Pvh}});
}

std::uint64_t memory(std::string_view text) {
  const std::optional<std::uint64_t> size_bytes = parse_size(text);
  if (!size_bytes) {
    refuse("--memory: found '{}', expected a whole number with K, M, G or T, such as 512M", text);
  }
  if (*size_bytes < min_memory_bytes) {
    refuse("--memory: found {}, expected at least {}", text, format_size(min_memory_bytes));
  }
  if (*size_bytes % page_bytes != 0) {
    refuse("--memory: found {}, expected a multiple of {}", text, format_size(page_bytes));
  }
  if (const std::uint64_t host_bytes = host_memory_bytes(); *size_bytes > host_bytes) {
    refuse("--memory: found {}, expected at most what this host has, {}M", text,
           host_bytes / 1_MiB);
  }
  return *size_bytes;
}

std::uint32_t processors(std::string_view text) {
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size() || count < 1 ||
      count > max_processors) {
    refuse("--processors: found '{}', expected a number from 1 to {}", text, max_processors);
  }
  return count;
}

std::array<SerialBackend, serial_port_count> serial_ports(
    std::span<const std::string, serial_port_count> texts, Architecture architecture) {
  const std::size_t ports =
      architecture == Architecture::Arm64 ? arm64_serial_port_count : serial_port_count;
  std::array<SerialBackend, serial_port_count> backends;
  std::optional<std::size_t> console;
  for (std::size_t i = 0; i < serial_port_count; ++i) {
    const std::string option = fmt::format("--com{}", i + 1);
    backends[i] = serial_backend(option, texts[i]);
    if (i >= ports && backends[i].kind != SerialBackend::Kind::None) {
      refuse("{}: found {}, but an arm64 machine has {} serial ports only", option, texts[i],
             ports);
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (!backends[i].path.empty() && backends[i].path == backends[j].path) {
        refuse("{}: found {}, but --com{} has it; each port needs its own", option, texts[i],
               j + 1);
      }
    }
    if (backends[i].kind != SerialBackend::Kind::Console) continue;
    if (console)
      refuse("{}: found console, but --com{} has it; one port can", option, *console + 1);
    console = i;
  }
  return backends;
}

SerialBackend virtio_console(std::string_view text,
                             std::span<const SerialBackend, serial_port_count> serial) {
  const SerialBackend backend = serial_backend("--virtio-console", text);
  for (std::size_t i = 0; i < serial_port_count; ++i) {
    const bool same_terminal = backend.kind == SerialBackend::Kind::Console &&
                               serial[i].kind == SerialBackend::Kind::Console;
    const bool same_file = !backend.path.empty() && backend.path == serial[i].path;
    if (same_terminal || same_file) {
      refuse("--virtio-console: found {}, but --com{} has it; one device can", text, i + 1);
    }
  }
  return backend;
}

void add_smbios(std::string_view pairs, loader::smbios::Identity& identity) {
  for (;;) {
    const std::size_t comma = pairs.find(',');
    add_smbios_pair(pairs.substr(0, comma), identity);
    if (comma == std::string_view::npos) return;
    pairs.remove_prefix(comma + 1);
  }
}

std::optional<std::string> path(std::string_view option, const std::optional<std::string>& text) {
  if (text && text->empty()) refuse("{}: found an empty name, expected a file's", option);
  return text;
}

VirtioTransport virtio_transport(std::string_view option, std::string_view text) {
  using Transport = VirtioTransport;
  return choose(option, text,
                std::array{Choice<Transport>{"mmio", Transport::Mmio},
                           Choice<Transport>{"pci", Transport::Pci}});
}

VirtioTransport take_transport(KeyValues& parts, std::string_view option,
                               VirtioTransport otherwise) {
  const std::optional<std::string> found = parts.take("transport");
  return found ? virtio_transport(fmt::format("{} transport", option), *found) : otherwise;
}

OnShutdown on_shutdown(std::string_view text) {
  using On = OnShutdown;
  return choose("--on-shutdown", text,
                std::array{Choice<On>{"exit", On::Exit}, Choice<On>{"halt", On::Halt}});
}

OnReset on_reset(std::string_view text) {
  using On = OnReset;
  return choose("--on-reset", text,
                std::array{Choice<On>{"exit", On::Exit}, Choice<On>{"restart", On::Restart}});
}

OnCrash on_crash(std::string_view text) {
  using On = OnCrash;
  return choose("--on-crash", text,
                std::array{Choice<On>{"exit", On::Exit}, Choice<On>{"halt", On::Halt},
                           Choice<On>{"restart", On::Restart}});
}

runtime::log::Level log_level(std::string_view text) {
  const std::optional<runtime::log::Level> level = runtime::log::parse_level(text);
  if (!level) {
    refuse("--log-level: found '{}', expected error, warning, info, debug or trace", text);
  }
  return *level;
}

std::string default_command_line(const MachineConfig& machine) {
  const bool pc = machine.architecture == Architecture::X86_64;
  std::string line = pc ? "panic=-1 reboot=t" : "panic=-1 reboot=panic_warm";
  if (const auto port = console_port(machine))
    line += pc ? fmt::format(" console=ttyS{}", *port)
               : fmt::format(" console=ttyAMA{}", ports_before(machine, *port));
  // The last one named is the one that init talks to.
  if (machine.virtio_console.kind != SerialBackend::Kind::None) line += " console=hvc0";
  if (pc && !has_pci(machine)) line += " pci=off";
  if (pc) line += " tsc=reliable no_timer_check";
  return line + " cryptomgr.notests random.trust_cpu=on";
}

std::string command_line(std::string_view start, std::span<const std::string> words) {
  std::string line{start};
  for (const std::string& word : words) {
    if (const std::size_t at = word.find_first_of(std::string_view{"\0\n", 2});
        at != std::string::npos) {
      refuse("--cmdline: found byte {:#04x} at {}, expected one line of text", word[at], at);
    }
    if (word.empty()) continue;
    if (!line.empty()) line += ' ';
    line += word;
  }
  return line;
}

}  // namespace vmm::option_values
