#include "devices/system/boot_mark.hpp"

#include <algorithm>
#include <optional>

namespace devices {
namespace {

constexpr std::uint8_t kernel_entered_code = 0x40;
constexpr std::uint8_t user_space_code = 0x41;
constexpr std::uint8_t guest_ready_value = 123;

std::optional<BootMark> post_code(std::uint8_t value) {
  if (value == kernel_entered_code) return BootMark::KernelEntered;
  if (value == user_space_code) return BootMark::UserSpace;
  return std::nullopt;
}

std::optional<BootMark> boot_timer(std::uint8_t value) {
  if (value == guest_ready_value) return BootMark::GuestReady;
  return std::nullopt;
}

/// Port 0x80 is also a delay loop for old drivers: anything but a mark must cost nothing.
void tell(BootMarks& marks, std::optional<BootMark> mark) {
  if (mark) marks.mark(*mark, std::chrono::steady_clock::now());
}

}  // namespace

void BootTimer::read(std::uint64_t, std::span<std::byte> data) {
  std::ranges::fill(data, std::byte{0});
}

void BootTimer::write(std::uint64_t offset, std::span<const std::byte> data) {
  if (data.size() != 1) return;
  const auto value = std::to_integer<std::uint8_t>(data[0]);
  if (offset == timer_offset) tell(marks_, boot_timer(value));
  if (offset == post_code_offset) tell(marks_, post_code(value));
}

void PostCodePort::write_byte(std::uint8_t value) {
  tell(marks_, post_code(value));
}

}  // namespace devices
