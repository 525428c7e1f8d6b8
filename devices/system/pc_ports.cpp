#include "devices/system/pc_ports.hpp"

namespace devices {
namespace {

// Port 0x61.
constexpr std::uint8_t nmi_status_writable = 0x0F;  // timer 2 gate, speaker, the two NMI masks
constexpr std::uint8_t nmi_status_toggles = 0x30;

// Port 0x64.
constexpr std::uint8_t input_buffer_full = 0x02;
constexpr std::uint8_t pulse_reset_line = 0xFE;

}  // namespace

std::uint8_t NmiStatusPort::read_byte() {
  return value_.fetch_xor(nmi_status_toggles, std::memory_order_relaxed);
}

void NmiStatusPort::write_byte(std::uint8_t value) {
  // The toggles have no phase to keep.
  value_.store(value & nmi_status_writable, std::memory_order_relaxed);
}

std::uint8_t ResetPort::read_byte() {
  return value_.load(std::memory_order_relaxed);
}

void ResetPort::write_byte(std::uint8_t value) {
  const std::uint8_t after = value & bits_.writable;
  const std::uint8_t before = value_.exchange(after, std::memory_order_relaxed);
  if ((~before & after & bits_.reset) != 0) power_.reset();
}

std::uint8_t I8042ResetPort::read_byte() {
  return static_cast<std::uint8_t>(~input_buffer_full);
}

void I8042ResetPort::write_byte(std::uint8_t value) {
  if (value == pulse_reset_line) power_.reset();
}

}  // namespace devices
