// Ports of a PC's chipset that kernels touch though no device of ours stands behind them.
//
// Spec:    Intel ICH9 datasheet (316972), 13.7 "Processor Interface Registers": NMI_SC, PORT92,
//          RST_CNT; IBM PC AT: the keyboard controller's command 0xFE.
// Threads: vCPU threads, several at once; each keeps a byte or two, in an atomic.
#pragma once

#include <atomic>

#include "devices/bus_device.hpp"
#include "devices/system/power_control.hpp"

namespace devices {

/// Port 0x61, NMI status and speaker control. The refresh toggle (bit 4) and the timer 2 output
/// (bit 5) change with every read, so nobody waits for either.
class NmiStatusPort final : public BusDevice {
 public:
  static constexpr std::uint16_t port = 0x61;
  static constexpr std::uint64_t size_bytes = 1;

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  std::atomic<std::uint8_t> value_ = 0;
};

/// Port 0x92: bit 0 resets the machine, bit 1 is the A20 gate (which no longer gates anything).
class FastResetPort final : public BusDevice {
 public:
  static constexpr std::uint16_t port = 0x92;
  static constexpr std::uint64_t size_bytes = 1;

  explicit FastResetPort(PowerControl& power) : power_{power} {}

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  PowerControl& power_;
  std::atomic<std::uint8_t> value_ = 0x02;
};

/// Port 0x64 of a keyboard controller that is not there but for its reset line.
///
/// The status reads as all ones except "input buffer full": always ready for a command, so the
/// reset (0xFE) is sent at once; always with a byte to fetch, so a driver that empties the buffer
/// first gives up after its sixteen tries (Linux), long before any of its command time-outs.
class I8042ResetPort final : public BusDevice {
 public:
  static constexpr std::uint16_t port = 0x64;
  static constexpr std::uint64_t size_bytes = 1;

  explicit I8042ResetPort(PowerControl& power) : power_{power} {}

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  PowerControl& power_;
};

/// Port 0xCF9, the chipset's reset control: resets when bit 2 goes from 0 to 1.
class ResetControlPort final : public BusDevice {
 public:
  static constexpr std::uint16_t port = 0xCF9;
  static constexpr std::uint64_t size_bytes = 1;

  explicit ResetControlPort(PowerControl& power) : power_{power} {}

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  PowerControl& power_;
  std::atomic<std::uint8_t> value_ = 0;
};

}  // namespace devices
