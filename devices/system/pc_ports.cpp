#include "devices/system/pc_ports.hpp"

#include <algorithm>

namespace devices {
namespace {

void fill(std::span<std::byte> data, std::uint8_t value) {
  std::ranges::fill(data, std::byte{value});
}

std::uint8_t first(std::span<const std::byte> data) {
  return std::to_integer<std::uint8_t>(data[0]);
}

/// Whether a bit went from 0 to 1.
bool rises(std::uint8_t before, std::uint8_t after, std::uint8_t bit) {
  return (before & bit) == 0 && (after & bit) != 0;
}

// Port 0x61.
constexpr std::uint8_t nmi_status_writable = 0x0F;  // timer 2 gate, speaker, the two NMI masks
constexpr std::uint8_t nmi_status_toggles = 0x30;

// Port 0x92.
constexpr std::uint8_t fast_reset = 0x01;
constexpr std::uint8_t fast_reset_writable = 0x03;

// Port 0x64.
constexpr std::uint8_t input_buffer_full = 0x02;
constexpr std::uint8_t pulse_reset_line = 0xFE;

// Port 0xCF9.
constexpr std::uint8_t reset_cpu = 0x04;
constexpr std::uint8_t reset_control_writable = 0x0E;

}  // namespace

void NmiStatusPort::read(std::uint64_t, std::span<std::byte> data) {
  fill(data, value_.fetch_xor(nmi_status_toggles, std::memory_order_relaxed));
}

void NmiStatusPort::write(std::uint64_t, std::span<const std::byte> data) {
  // The toggles have no phase to keep.
  value_.store(first(data) & nmi_status_writable, std::memory_order_relaxed);
}

void FastResetPort::read(std::uint64_t, std::span<std::byte> data) {
  fill(data, value_.load(std::memory_order_relaxed));
}

void FastResetPort::write(std::uint64_t, std::span<const std::byte> data) {
  const std::uint8_t value = first(data) & fast_reset_writable;
  const std::uint8_t before = value_.exchange(value, std::memory_order_relaxed);
  if (rises(before, value, fast_reset)) power_.reset();
}

void I8042ResetPort::read(std::uint64_t, std::span<std::byte> data) {
  fill(data, static_cast<std::uint8_t>(~input_buffer_full));
}

void I8042ResetPort::write(std::uint64_t, std::span<const std::byte> data) {
  if (first(data) == pulse_reset_line) power_.reset();
}

void ResetControlPort::read(std::uint64_t, std::span<std::byte> data) {
  fill(data, value_.load(std::memory_order_relaxed));
}

void ResetControlPort::write(std::uint64_t, std::span<const std::byte> data) {
  const std::uint8_t value = first(data) & reset_control_writable;
  const std::uint8_t before = value_.exchange(value, std::memory_order_relaxed);
  if (rises(before, value, reset_cpu)) power_.reset();
}

}  // namespace devices
