// A device of one register, of one byte.
#pragma once

#include <algorithm>

#include "devices/bus_device.hpp"

namespace devices {

/// The bus hands over only accesses of its size.
class BytePort : public BusDevice {
 public:
  static constexpr std::uint64_t size_bytes = 1;

  void read(std::uint64_t, std::span<std::byte> data) final {
    std::ranges::fill(data, std::byte{read_byte()});
  }
  void write(std::uint64_t, std::span<const std::byte> data) final {
    write_byte(std::to_integer<std::uint8_t>(data.front()));
  }

 private:
  virtual std::uint8_t read_byte() = 0;
  virtual void write_byte(std::uint8_t value) = 0;
};

}  // namespace devices
