// Time stamps a guest sets while it boots.
//
// Spec:    port 0x80 codes as Cloud Hypervisor's guests write them; the MMIO write of 123 is
//          Firecracker's boot timer.
#pragma once

#include <chrono>

#include "devices/bus_device.hpp"

namespace devices {

enum class BootMark : std::uint8_t {
  KernelEntered,  // port 0x80, code 0x40
  UserSpace,      // port 0x80, code 0x41
  GuestReady,     // boot timer, value 123
};

/// Who collects the marks. Called on vCPU threads; a guest may set a mark as often as it likes.
class BootMarks {
 public:
  virtual ~BootMarks() = default;
  virtual void mark(BootMark mark, std::chrono::steady_clock::time_point time) = 0;
};

/// The POST code port: one-byte codes 0x40 and 0x41 are marks, others vanish.
class PostCodePort final : public BusDevice {
 public:
  static constexpr std::uint16_t port = 0x80;
  static constexpr std::uint64_t size_bytes = 1;

  explicit PostCodePort(BootMarks& marks) : marks_{marks} {}

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  BootMarks& marks_;
};

/// A page of MMIO; a one-byte write of 123 to its first byte is a mark, others vanish.
class BootTimer final : public BusDevice {
 public:
  static constexpr std::uint64_t size_bytes = 0x1000;

  explicit BootTimer(BootMarks& marks) : marks_{marks} {}

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  BootMarks& marks_;
};

}  // namespace devices
