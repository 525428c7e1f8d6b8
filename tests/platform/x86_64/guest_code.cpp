// Spec: Intel SDM volume 2, MOV, JMP, HLT; 32-bit mode.
#include "tests/platform/guest_code.hpp"

#include <array>

namespace {

void add_little_endian(GuestCode& code, std::uint64_t value, std::size_t size_bytes) {
  for (std::size_t i = 0; i < size_bytes; ++i)
    code.add({static_cast<std::uint8_t>(value >> i * 8)});
}

/// The opcode's last bit tells one byte from more, a prefix two from four.
void add_opcode(GuestCode& code, std::uint8_t opcode, std::size_t width_bytes) {
  if (width_bytes == 2) code.add<std::uint8_t>({0x66});
  code.add({static_cast<std::uint8_t>(opcode | (width_bytes > 1 ? 1 : 0))});
}

}  // namespace

std::span<const std::size_t> GuestCode::widths() {
  static constexpr std::array<std::size_t, 3> all{1, 2, 4};
  return all;
}

GuestCode& GuestCode::store(platform::GuestAddress to, std::size_t width_bytes,
                            std::uint64_t value) {
  add_opcode(*this, 0xC6, width_bytes);  // mov [to], value
  add<std::uint8_t>({0x05});
  add_little_endian(*this, to.value, 4);
  add_little_endian(*this, value, width_bytes);
  return *this;
}

GuestCode& GuestCode::copy(platform::GuestAddress from, platform::GuestAddress to,
                           std::size_t width_bytes) {
  add_opcode(*this, 0xA0, width_bytes);  // mov eax, [from]
  add_little_endian(*this, from.value, 4);
  add_opcode(*this, 0xA2, width_bytes);  // mov [to], eax
  add_little_endian(*this, to.value, 4);
  return *this;
}

GuestCode& GuestCode::spin() {
  return add<std::uint8_t>({0xEB, 0xFE});  // jmp $
}

GuestCode& GuestCode::halt() {
  return add<std::uint8_t>({0xF4, 0xEB, 0xFD});  // again: hlt; jmp again
}
