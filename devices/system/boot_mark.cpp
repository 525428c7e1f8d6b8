#include "devices/system/boot_mark.hpp"

#include <algorithm>

namespace devices {
namespace {

constexpr std::byte kernel_entered_code{0x40};
constexpr std::byte user_space_code{0x41};
constexpr std::byte guest_ready_value{123};

}  // namespace

void PostCodePort::read(std::uint64_t, std::span<std::byte> data) {
  std::ranges::fill(data, std::byte{0xFF});
}

void PostCodePort::write(std::uint64_t, std::span<const std::byte> data) {
  // The port is also a delay loop for old drivers: anything but a mark must cost nothing.
  const std::byte code = data[0];
  if (code != kernel_entered_code && code != user_space_code) return;
  marks_.mark(code == kernel_entered_code ? BootMark::KernelEntered : BootMark::UserSpace,
              std::chrono::steady_clock::now());
}

void BootTimer::read(std::uint64_t, std::span<std::byte> data) {
  std::ranges::fill(data, std::byte{0});
}

void BootTimer::write(std::uint64_t offset, std::span<const std::byte> data) {
  if (offset != 0 || data.size() != 1 || data[0] != guest_ready_value) return;
  marks_.mark(BootMark::GuestReady, std::chrono::steady_clock::now());
}

}  // namespace devices
