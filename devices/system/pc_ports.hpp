// Ports of a PC's chipset that kernels touch though no device of ours stands behind them.
//
// Spec:    Intel ICH9 datasheet (316972), 13.7 "Processor Interface Registers": NMI_SC, PORT92,
//          RST_CNT; IBM PC AT: the keyboard controller's command 0xFE.
// Threads: vCPU threads, several at once; each keeps a byte at most, in an atomic.
#pragma once

#include <atomic>

#include "devices/system/byte_port.hpp"
#include "devices/system/power_control.hpp"

namespace devices {

/// Port 0x61, NMI status and speaker control. The refresh toggle (bit 4) and the timer 2 output
/// (bit 5) change with every read, so nobody waits for either.
class NmiStatusPort final : public BytePort {
 public:
  static constexpr std::uint16_t port = 0x61;

 private:
  std::uint8_t read_byte() override;
  void write_byte(std::uint8_t value) override;

  std::atomic<std::uint8_t> value_ = 0;
};

/// A port of which some bits can be read back, and one resets the machine when it goes from 0 to 1.
class ResetPort : public BytePort {
 protected:
  struct Bits {
    std::uint8_t writable;
    std::uint8_t reset;
    std::uint8_t at_first;
  };
  ResetPort(PowerControl& power, Bits bits) : power_{power}, bits_{bits}, value_{bits.at_first} {}

 private:
  std::uint8_t read_byte() override;
  void write_byte(std::uint8_t value) override;

  PowerControl& power_;
  const Bits bits_;
  std::atomic<std::uint8_t> value_;
};

/// Port 0x92: bit 0 resets the machine, bit 1 is the A20 gate (which no longer gates anything).
class FastResetPort final : public ResetPort {
 public:
  static constexpr std::uint16_t port = 0x92;

  explicit FastResetPort(PowerControl& power)
      : ResetPort{power, {.writable = 0x03, .reset = 0x01, .at_first = 0x02}} {}
};

/// Port 0xCF9, the chipset's reset control: bit 2 resets the machine, bits 1 and 3 say how.
class ResetControlPort final : public ResetPort {
 public:
  static constexpr std::uint16_t port = 0xCF9;

  explicit ResetControlPort(PowerControl& power)
      : ResetPort{power, {.writable = 0x0E, .reset = 0x04, .at_first = 0}} {}
};

/// Port 0x64 of a keyboard controller that is not there but for its reset line.
///
/// The status reads as all ones except "input buffer full": always ready for a command, so the
/// reset (0xFE) is sent at once; always with a byte to fetch, so a driver that empties the buffer
/// first gives up after its sixteen tries (Linux), long before any of its command time-outs.
class I8042ResetPort final : public BytePort {
 public:
  static constexpr std::uint16_t port = 0x64;

  explicit I8042ResetPort(PowerControl& power) : power_{power} {}

 private:
  std::uint8_t read_byte() override;
  void write_byte(std::uint8_t value) override;

  PowerControl& power_;
};

}  // namespace devices
