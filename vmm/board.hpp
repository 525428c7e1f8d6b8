// What a machine is made of, and what depends on its architecture: VM, RAM, processors, devices,
// and what is in RAM at the first instruction. Machine gives it a life.
//
// Threads: made before the first vCPU runs; carry_out() on vCPU threads, several at once;
//          the rest on the Loop's.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "devices/storage/disk.hpp"
#include "devices/system/power_control.hpp"
#include "devices/virtio/console.hpp"
#include "devices/virtio/net.hpp"
#include "platform/vcpu.hpp"
#include "runtime/byte_stream.hpp"
#include "runtime/scope.hpp"
#include "runtime/task.hpp"
#include "vmm/config.hpp"
#include "vmm/timeline.hpp"

namespace vmm {

/// What stands behind each serial port; null where there is no port.
using SerialStreams = std::array<runtime::ByteStream*, serial_port_count>;

/// What stands behind a machine's devices. It outlives the machine: after a restart the same
/// terminal, file or socket goes on.
struct Backends {
  SerialStreams serial{};
  runtime::ByteStream* virtio_console = nullptr;                  ///< Null where there is none.
  std::optional<devices::virtio::ConsoleSize> console_size = {};  ///< If it is a terminal.
  std::span<const std::unique_ptr<devices::storage::Disk>> disks = {};  ///< As configured.
  std::span<const devices::virtio::Net::Setup> networks = {};           ///< Likewise.
};

/// Why a machine no longer runs.
enum class Ending : std::uint8_t { PowerOff, Reset, Crash, Stopped };

class Board {
 public:
  /// Everything outlives the board.
  struct Wiring {
    const Backends& backends;
    devices::PowerControl& power;
    Timeline& timeline;
    runtime::Executor executor;
  };

  virtual ~Board() = default;

  [[nodiscard]] virtual std::span<const std::unique_ptr<platform::Vcpu>> vcpus() const = 0;

  /// Carries out a register access; false if the exit is none.
  [[nodiscard]] virtual bool carry_out(platform::VmExit& exit) = 0;

  /// What an exit that is no register access means for the machine; empty: nothing.
  [[nodiscard]] virtual std::optional<Ending> ending(const platform::VmExit& exit) = 0;

  virtual void press_power_button() = 0;
  /// The terminal behind the virtio console has a new size.
  virtual void resize_console(devices::virtio::ConsoleSize size) = 0;
  /// No vCPU may wait for what run() started: it will enter the guest no more.
  virtual void release_vcpus() = 0;

  /// Starts what the devices do by themselves.
  virtual void run(runtime::Scope& tasks) = 0;
  /// Returns when the streams behind serial ports and consoles have taken all that the guest sent.
  virtual runtime::Task<> drain() = 0;

  [[nodiscard]] virtual std::uint64_t console_bytes() const = 0;
  [[nodiscard]] virtual std::optional<std::chrono::steady_clock::time_point> first_console_byte_at()
      const = 0;
};

}  // namespace vmm
