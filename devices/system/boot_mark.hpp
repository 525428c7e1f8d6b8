// Time stamps a guest sets while it boots.
//
// Spec:    POST codes as Cloud Hypervisor's guests write them; the write of 123 is Firecracker's
//          boot timer.
#pragma once

#include <chrono>

#include "devices/bus_device.hpp"
#include "devices/system/byte_port.hpp"

namespace devices {

enum class BootMark : std::uint8_t {
  KernelEntered,  // POST code 0x40
  UserSpace,      // POST code 0x41
  GuestReady,     // boot timer, value 123
};

/// Who collects the marks. Called on vCPU threads; a guest may set a mark as often as it likes.
class BootMarks {
 public:
  virtual ~BootMarks() = default;
  virtual void mark(BootMark mark, std::chrono::steady_clock::time_point time) = 0;
};

/// A page of MMIO with two registers of a byte, on every architecture. Only one-byte writes of the
/// values above are marks; others vanish, and reads are 0.
class BootTimer final : public BusDevice {
 public:
  static constexpr std::uint64_t size_bytes = 0x1000;
  static constexpr std::uint64_t timer_offset = 0;
  static constexpr std::uint64_t post_code_offset = 8;

  explicit BootTimer(BootMarks& marks) : marks_{marks} {}

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  BootMarks& marks_;
};

/// The POST code register once more, where a PC has it. Reads are all ones, as if nothing were
/// there.
class PostCodePort final : public BytePort {
 public:
  static constexpr std::uint16_t port = 0x80;

  explicit PostCodePort(BootMarks& marks) : marks_{marks} {}

 private:
  std::uint8_t read_byte() override { return 0xFF; }
  void write_byte(std::uint8_t value) override;

  BootMarks& marks_;
};

}  // namespace devices
