// When a boot passed which point, and what it cost in exits.
//
// Threads: mark() and the guest's marks from any; the rest after the vCPUs have stopped.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "devices/system/boot_mark.hpp"
#include "platform/vm_exit.hpp"

namespace vmm {

using Instant = std::chrono::steady_clock::time_point;

enum class BootEvent : std::uint8_t {
  ProcessStart,
  OptionsRead,
  VmCreated,
  MemoryReady,
  KernelPlaced,
  VcpusCreated,
  FirstRun,
  FirstConsoleByte,
  KernelEntered,
  UserSpace,
  GuestReady,
  GuestEnd,
  Exit,
};
inline constexpr std::size_t boot_event_count = 13;

/// As it is spelt in --timeline's output.
[[nodiscard]] std::string_view name(BootEvent event);

/// How often vCPUs came out of the guest, by kind; the index is that of the VmExit.
using ExitCounts = std::array<std::uint64_t, std::variant_size_v<platform::VmExit>>;

class Timeline final : public devices::BootMarks {
 public:
  /// The first mark of an event counts, whoever sets it and however often.
  void mark(BootEvent event, Instant when = std::chrono::steady_clock::now());
  void mark(devices::BootMark mark, Instant when) override;
  [[nodiscard]] std::optional<Instant> when(BootEvent event) const;

  void add(const ExitCounts& exits);
  void add_console_bytes(std::uint64_t count) { console_bytes_ += count; }

  /// For programs: a JSON object a line; ns on CLOCK_MONOTONIC, then totals.
  [[nodiscard]] std::string json_lines() const;
  /// For people: what happened when, and how long after what went before.
  [[nodiscard]] std::string table() const;

 private:
  static constexpr std::int64_t never = 0;

  std::array<std::atomic<std::int64_t>, boot_event_count> ns_{};
  ExitCounts exits_{};
  std::uint64_t console_bytes_ = 0;
};

}  // namespace vmm
