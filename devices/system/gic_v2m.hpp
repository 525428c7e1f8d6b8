// The GICv2m frame: a page where a write of a message raises a shared interrupt.
//
// Spec:    Arm Server Base System Architecture (DEN 0029), appendix E "GICv2m architecture".
// Threads: registers on vCPU threads.
#pragma once

#include <cstdint>
#include <vector>

#include "devices/bus_device.hpp"
#include "platform/interrupts.hpp"
#include "runtime/guarded.hpp"

namespace devices {

/// MSI_TYPER says which interrupts there are; MSI_SETSPI_NS raises one, as an edge. Registers are
/// 32 bits wide; other accesses and other numbers do nothing.
class GicV2mFrame final : public BusDevice {
 public:
  static constexpr std::uint64_t size_bytes = 0x1000;
  static constexpr std::uint64_t typer_offset = 0x008;
  static constexpr std::uint64_t setspi_offset = 0x040;
  static constexpr std::uint64_t iidr_offset = 0xFCC;

  /// `messages` are the wires of `first` and those that follow it.
  GicV2mFrame(platform::Gsi first, std::vector<platform::InterruptLine> messages);

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  [[nodiscard]] std::uint32_t read_register(std::uint64_t offset) const;

  const platform::Gsi first_;
  const std::uint32_t count_;
  runtime::Guarded<std::vector<platform::InterruptLine>> messages_;
};

}  // namespace devices
