// The host bridge as a function of its own bus: it says that it is there, and no more.
#pragma once

#include <algorithm>

#include "devices/pci/function.hpp"

namespace devices::pci {

class HostBridge final : public Function {
 public:
  void read_config(std::uint64_t offset, std::span<std::byte> data) override {
    config_.read(offset, data);
  }
  void write_config(std::uint64_t offset, std::span<const std::byte> data) override {
    config_.write(offset, data);
  }
  const platform::RegisterPage* config_page() const override { return &config_.page(); }
  std::uint64_t bar_bytes(unsigned) const override { return 0; }
  std::optional<platform::AddressRange> bar_place(unsigned) const override { return std::nullopt; }
  void read_bar(unsigned, std::uint64_t, std::span<std::byte> data) override {
    std::ranges::fill(data, std::byte{0xFF});
  }
  void write_bar(unsigned, std::uint64_t, std::span<const std::byte>) override {}

 private:
  // The "PCIe host bridge" among the numbers Red Hat gives to virtual devices (QEMU,
  // docs/specs/pci-ids.rst): any other would make drivers look for a chip.
  ConfigSpace config_{{.vendor = 0x1B36, .device = 0x0008, .class_code = 0x06'0000}};
};

}  // namespace devices::pci
