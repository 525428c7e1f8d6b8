#include "loader/smbios.hpp"

#include <algorithm>
#include <span>
#include <string_view>

namespace loader::smbios {
namespace {

/// One structure: a formatted part, and behind it the texts it refers to by number.
class Structure {
 public:
  Structure(std::uint8_t type, std::uint16_t handle) {
    byte(type);
    byte(0);  // the length, known at the end
    word(handle);
  }

  Structure& byte(unsigned value) {
    formatted_.push_back(static_cast<std::byte>(value));
    return *this;
  }
  Structure& word(unsigned value) { return byte(value & 0xFF).byte(value >> 8); }
  Structure& zeros(std::size_t count) {
    formatted_.resize(formatted_.size() + count);
    return *this;
  }
  Structure& bytes(std::span<const std::byte> values) {
    append(formatted_, values);
    return *this;
  }
  /// A text is stored up to its first NUL; an empty one has number 0 and is not stored.
  Structure& text(std::string_view value) {
    value = value.substr(0, value.find('\0'));
    if (value.empty()) return byte(0);
    append(texts_, std::as_bytes(std::span{value}));
    texts_.push_back(std::byte{0});
    return byte(++text_count_);
  }

  void append_to(Bytes& table) {
    formatted_[1] = static_cast<std::byte>(formatted_.size());
    append(table, formatted_);
    append(table, texts_);
    // An empty text ends the texts; where there are none, two NULs stand for them (6.1.3).
    table.resize(table.size() + (texts_.empty() ? 2 : 1));
  }

 private:
  Bytes formatted_;
  Bytes texts_;
  unsigned text_count_ = 0;
};

/// The first three groups of a UUID are numbers, and stored little-endian (7.2.1).
std::array<std::byte, 16> stored_uuid(std::array<std::uint8_t, 16> uuid) {
  std::reverse(uuid.begin(), uuid.begin() + 4);
  std::reverse(uuid.begin() + 4, uuid.begin() + 6);
  std::reverse(uuid.begin() + 6, uuid.begin() + 8);
  std::array<std::byte, 16> stored;
  std::ranges::copy(std::as_bytes(std::span{uuid}), stored.begin());
  return stored;
}

/// 7.1
Structure bios_information(const Identity& identity) {
  constexpr unsigned pci_supported = 1 << 7;
  constexpr unsigned acpi_supported = 1 << 0;   // extension byte 1
  constexpr unsigned virtual_machine = 1 << 4;  // extension byte 2
  constexpr unsigned no_embedded_controller = 0xFF;
  Structure bios{0, 0};
  bios.text(identity.bios_vendor).text(identity.bios_version);
  bios.word(0);  // starting segment: there is no BIOS in memory
  bios.text(identity.bios_date);
  bios.byte(0);  // ROM size
  bios.byte(pci_supported).zeros(7);
  bios.byte(acpi_supported).byte(virtual_machine);
  bios.byte(0).byte(0);  // BIOS release 0.0
  bios.byte(no_embedded_controller).byte(no_embedded_controller);
  bios.word(0);  // extended ROM size
  return bios;
}

/// 7.2
Structure system_information(const Identity& identity) {
  constexpr unsigned wake_up_power_switch = 6;
  Structure system{1, 1};
  system.text(identity.manufacturer).text(identity.product).text(identity.version);
  system.text(identity.serial);
  system.bytes(stored_uuid(identity.uuid));
  system.byte(wake_up_power_switch);
  system.text(identity.sku).text(identity.family);
  return system;
}

}  // namespace

Bytes structure_table(const Identity& identity) {
  Bytes table;
  bios_information(identity).append_to(table);
  system_information(identity).append_to(table);
  Structure{127, 2}.append_to(table);
  return table;
}

std::array<std::byte, 24> entry_point(platform::AddressRange table) {
  constexpr std::string_view anchor = "_SM3_";
  std::array<std::byte, 24> bytes{};
  std::ranges::copy(std::as_bytes(std::span{anchor}), bytes.begin());
  bytes[6] = std::byte{24};  // length
  bytes[7] = std::byte{3};   // version 3.1.0
  bytes[8] = std::byte{1};
  bytes[10] = std::byte{1};  // entry point revision
  for (std::size_t index = 0; index < 4; ++index) {
    bytes[12 + index] = static_cast<std::byte>(table.size_bytes >> (8 * index));
  }
  for (std::size_t index = 0; index < 8; ++index) {
    bytes[16 + index] = static_cast<std::byte>(table.start.value >> (8 * index));
  }
  bytes[5] = checksum(bytes);
  return bytes;
}

}  // namespace loader::smbios
