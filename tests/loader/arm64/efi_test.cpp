#include "loader/arm64/efi.hpp"

#include <zlib.h>

#include "tests/loader/acpi_tables.hpp"

using loader::arm64::EfiTables;
using loader::arm64::make_efi_tables;

namespace {

constexpr GuestAddress place{0x4224'1000};

Bytes made(bool has_memory_reservations = false) {
  return make_efi_tables({{0x4224'0640}, {0x4224'06F0}, has_memory_reservations}, place);
}

std::uint64_t offset_of(const Bytes& bytes, std::size_t pointer_at) {
  return at<std::uint64_t>(bytes, pointer_at) - place.value;
}

}  // namespace

TEST_CASE("EFI: the system table has a header, a vendor, and no services", "[loader][arm64]") {
  const Bytes bytes = made();
  CHECK(table_text(bytes, 0, 8) == "IBI SYST");
  CHECK(at<std::uint32_t>(bytes, 8) == 0x0002'0064);
  CHECK(at<std::uint32_t>(bytes, 12) == 120);
  const std::u16string_view vendor = u"Mayfly";
  const std::uint64_t vendor_at = offset_of(bytes, 24);
  for (std::size_t index = 0; index < 7; ++index) {
    CHECK(at<char16_t>(bytes, vendor_at + 2 * index) == (index < 6 ? vendor[index] : u'\0'));
  }
  for (std::size_t offset = 40; offset < 104; offset += 8) {
    CHECK(at<std::uint64_t>(bytes, offset) == 0);
  }
  CHECK(at<std::uint64_t>(bytes, 104) == 3);
  CHECK(offset_of(bytes, 112) == 120);
}

TEST_CASE("EFI: the system table's CRC is that of its 120 bytes with a 0 in its place",
          "[loader][arm64]") {
  Bytes table = made();
  table.resize(120);
  const auto stated = at<std::uint32_t>(table, 16);
  std::fill_n(table.begin() + 16, 4, std::byte{0});
  CHECK(stated == ::crc32(0, reinterpret_cast<const Bytef*>(table.data()), 120));
}

TEST_CASE("EFI: configuration tables lead to ACPI, SMBIOS and what is not supported",
          "[loader][arm64]") {
  const Bytes bytes = made();
  CHECK(Bytes(bytes.begin() + 120, bytes.begin() + 136) ==
        raw({0x71, 0xE8, 0x68, 0x88, 0xF1, 0xE4, 0xD3, 0x11, 0xBC, 0x22, 0, 0x80, 0xC7, 0x3C, 0x88,
             0x81}));
  CHECK(at<std::uint64_t>(bytes, 136) == 0x4224'0640);
  CHECK(Bytes(bytes.begin() + 144, bytes.begin() + 160) ==
        raw({0x44, 0x15, 0xFD, 0xF2, 0x94, 0x97, 0x2C, 0x4A, 0x99, 0x2E, 0xE5, 0xBB, 0xCF, 0x20,
             0xE3, 0x94}));
  CHECK(at<std::uint64_t>(bytes, 160) == 0x4224'06F0);
  CHECK(Bytes(bytes.begin() + 168, bytes.begin() + 184) ==
        raw({0x8A, 0x91, 0x66, 0xEB, 0xEF, 0x7E, 0x2A, 0x40, 0x84, 0x2E, 0x93, 0x1D, 0x21, 0xC3,
             0x8A, 0xE9}));
  const std::uint64_t properties = offset_of(bytes, 184);
  CHECK(properties % 8 == 0);
  CHECK(at<std::uint16_t>(bytes, properties) == 1);
  CHECK(at<std::uint16_t>(bytes, properties + 2) == 8);
  CHECK(at<std::uint32_t>(bytes, properties + 4) == 0);
}

TEST_CASE("EFI: an ITS gets a list of reserved memory, which is empty", "[loader][arm64]") {
  const Bytes bytes = made(true);
  CHECK(at<std::uint64_t>(bytes, 104) == 4);
  CHECK(Bytes(bytes.begin() + 192, bytes.begin() + 208) ==
        raw({0xC6, 0xB0, 0x8E, 0x88, 0xDE, 0x8E, 0xF5, 0x4F, 0xA8, 0xF0, 0x9A, 0xEE, 0x5C, 0xB9,
             0x77, 0xC2}));
  const std::uint64_t list = offset_of(bytes, 208);
  CHECK(list % 8 == 0);
  CHECK(at<std::uint64_t>(bytes, list) == 0);
  CHECK(at<std::uint64_t>(bytes, list + 8) == 0);
  CHECK(offset_of(bytes, 24) < bytes.size());
}
