// One machine, described: plain values, already checked by whoever made them (options.cpp).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "loader/smbios.hpp"
#include "loader/x86_64/kernel.hpp"
#include "platform/mac_address.hpp"
#include "platform/port_forward.hpp"
#include "vmm/architecture.hpp"

namespace vmm {

/// What stands behind a serial port.
struct SerialBackend {
  enum class Kind : std::uint8_t { None, Console, Stderr, File, Listen, Pty };

  Kind kind = Kind::None;
  std::string path = {};  ///< File and Listen only.
  friend bool operator==(const SerialBackend&, const SerialBackend&) = default;
};

inline constexpr std::size_t serial_port_count = 4;
inline constexpr std::size_t arm64_serial_port_count = 2;

/// How an AArch64 machine's devices may send interrupts as messages.
enum class MsiChoice : std::uint8_t { Automatic, Its, V2m };

/// How a driver reaches a virtio device.
enum class VirtioTransport : std::uint8_t { Mmio, Pci };

/// A disk: its image, and what the guest may do with it.
struct DiskConfig {
  std::string path;
  std::string id;  ///< The guest sees it as the serial number.
  std::uint16_t queues = 1;
  bool read_only = false;
  bool direct = false;      ///< Past the host's page cache.
  bool discard = false;     ///< What the guest discards is freed.
  bool overlay = false;     ///< What the guest writes is thrown away in the end.
  bool surely_raw = false;  ///< Even if it looks like an image of another format.
  VirtioTransport transport = VirtioTransport::Mmio;
  friend bool operator==(const DiskConfig&, const DiskConfig&) = default;
};

/// A network device: what it is plugged into, and what the guest is told of it.
struct NetConfig {
  enum class Kind : std::uint8_t { Tap, Descriptor, User };

  Kind kind = Kind::User;
  std::string tap_name = {};                         ///< Tap only.
  int descriptor = -1;                               ///< Descriptor only: a tap, already open.
  std::vector<platform::PortForward> forwards = {};  ///< User only.
  std::optional<platform::MacAddress> mac = {};
  std::uint16_t queues = 1;  ///< Pairs of them.
  std::optional<std::uint16_t> mtu_bytes = {};
  VirtioTransport transport = VirtioTransport::Mmio;
  friend bool operator==(const NetConfig&, const NetConfig&) = default;
};

struct MachineConfig {
  Architecture architecture = host_architecture;
  std::string kernel_path;
  loader::x86_64::KernelEntry kernel_entry = loader::x86_64::KernelEntry::Automatic;
  std::optional<std::string> initrd_path;
  std::string command_line;  ///< Complete: what the kernel gets, word for word.
  std::uint64_t memory_bytes = 0;
  std::uint32_t processors = 1;
  std::array<SerialBackend, serial_port_count> serial;
  SerialBackend virtio_console;  ///< Kind::None: there is no such device.
  bool rng = false;              ///< A virtio entropy device.
  VirtioTransport virtio_transport = VirtioTransport::Mmio;  ///< Of console and entropy.
  std::vector<DiskConfig> disks;
  std::vector<NetConfig> networks;
  loader::smbios::Identity smbios;
  // AArch64 only.
  bool device_tree = false;  ///< Else ACPI.
  MsiChoice gic_msi = MsiChoice::Automatic;
  bool pmu = true;  ///< Where the host has one.
};

enum class OnShutdown : std::uint8_t { Exit, Halt };
enum class OnReset : std::uint8_t { Exit, Restart };
enum class OnCrash : std::uint8_t { Exit, Halt, Restart };

/// What happens to the process when the guest ends.
struct PowerActions {
  OnShutdown on_shutdown = OnShutdown::Exit;
  OnReset on_reset = OnReset::Exit;
  OnCrash on_crash = OnCrash::Exit;
};

}  // namespace vmm
