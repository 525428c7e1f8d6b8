#include "loader/smbios.hpp"

#include <cstring>
#include <string>
#include <string_view>

#include "tests/loader/guest_ram.hpp"

using namespace std::string_literals;
using namespace std::string_view_literals;
using loader::smbios::Identity;
using loader::smbios::structure_table;

namespace {

struct Structure {
  unsigned type;
  unsigned handle;
  std::string formatted;
  std::vector<std::string> texts;

  [[nodiscard]] std::string text(std::size_t offset) const {
    const auto number = static_cast<unsigned char>(formatted.at(offset));
    return number == 0 ? "" : texts.at(number - 1u);
  }
};

/// Reads the table back, as dmidecode does.
std::vector<Structure> parse(const Bytes& table) {
  const std::string text(reinterpret_cast<const char*>(table.data()), table.size());
  std::vector<Structure> structures;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto byte = [&](std::size_t offset) {
      return static_cast<unsigned char>(text.at(at + offset));
    };
    Structure structure{byte(0), byte(2) + 256u * byte(3), text.substr(at, byte(1)), {}};
    at += byte(1);
    if (text.at(at) == '\0') ++at;  // no texts
    while (text.at(at) != '\0') {
      structure.texts.emplace_back(text.c_str() + at);
      at += structure.texts.back().size() + 1;
    }
    ++at;
    structures.push_back(std::move(structure));
  }
  CHECK(at == text.size());
  return structures;
}

}  // namespace

TEST_CASE("SMBIOS: the anchor points at the table and adds up to zero", "[loader]") {
  const auto anchor = loader::smbios::entry_point({{0x1'B000}, 0x123});
  const std::string text(reinterpret_cast<const char*>(anchor.data()), anchor.size());
  CHECK(text.substr(0, 5) == "_SM3_");
  CHECK(text.substr(6) ==
        "\x18\x03\x01\x00\x01\x00"s
        "\x23\x01\x00\x00"s
        "\x00\xB0\x01\x00\x00\x00\x00\x00"s);
  unsigned sum = 0;
  for (const std::byte byte : anchor) sum += std::to_integer<unsigned>(byte);
  CHECK(sum % 256 == 0);
}

TEST_CASE("SMBIOS: three structures say who made the machine", "[loader]") {
  const auto structures = parse(structure_table({}));
  REQUIRE(structures.size() == 3);
  const auto& bios = structures[0];
  CHECK(bios.type == 0);
  CHECK(bios.handle == 0);
  CHECK(bios.formatted.size() == 0x1A);
  CHECK(bios.text(4) == "Mayfly");
  CHECK(bios.text(5) == "Mayfly Direct");
  CHECK(bios.text(8) == "01/01/2026");
  CHECK(bios.formatted.substr(0x0A) ==
        "\x80\0\0\0\0\0\0\0"s
        "\x01\x10"s
        "\0\0\xFF\xFF"s
        "\0\0"s);
  const auto& system = structures[1];
  CHECK(system.type == 1);
  CHECK(system.handle == 1);
  CHECK(system.formatted.size() == 0x1B);
  CHECK(system.text(4) == "Mayfly");
  CHECK(system.text(5) == "Mayfly Virtual Machine");
  CHECK(system.formatted.at(0x18) == 6);
  CHECK(structures[2].type == 127);
  CHECK(structures[2].handle == 2);
  CHECK(structures[2].formatted.size() == 4);
}

TEST_CASE("SMBIOS: every part of the identity arrives", "[loader]") {
  Identity identity{.bios_vendor = "a",
                    .bios_version = "b",
                    .bios_date = "c",
                    .manufacturer = "d",
                    .product = "e",
                    .version = "f",
                    .serial = "g",
                    .uuid = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB,
                             0xCC, 0xDD, 0xEE, 0xFF},
                    .sku = "h",
                    .family = "i"};
  const auto structures = parse(structure_table(identity));
  CHECK(structures[0].texts == std::vector{"a"s, "b"s, "c"s});
  CHECK(structures[1].texts == std::vector{"d"s, "e"s, "f"s, "g"s, "h"s, "i"s});
  CHECK(structures[1].text(0x19) == "h");
  CHECK(structures[1].text(0x1A) == "i");
  CHECK(structures[1].formatted.substr(8, 16) ==
        "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xAA\xBB\xCC\xDD\xEE\xFF"s);
}

TEST_CASE("SMBIOS: an empty text has number 0, and a NUL ends a text", "[loader]") {
  Identity identity;
  identity.manufacturer.clear();
  identity.product = "cut\0off"s;
  const auto structures = parse(structure_table(identity));
  CHECK(structures[1].formatted.at(4) == 0);
  CHECK(structures[1].texts == std::vector{"cut"s});

  const auto none = parse(structure_table(
      {.bios_vendor = "", .bios_version = "", .bios_date = "", .manufacturer = "", .product = ""}));
  REQUIRE(none.size() == 3);
  CHECK(none[0].texts.empty());
  CHECK(none[1].texts.empty());
}
