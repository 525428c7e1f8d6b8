#include "loader/acpi/table.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace loader::acpi {
namespace {

struct [[gnu::packed]] Header {
  char signature[4];
  std::uint32_t length;
  std::uint8_t revision;
  std::uint8_t checksum;
  char oem_id[6];
  char oem_table_id[8];
  std::uint32_t oem_revision;
  char creator_id[4];
  std::uint32_t creator_revision;
};
static_assert(sizeof(Header) == 36);

template <std::size_t size>
void set(char (&field)[size], std::string_view text) {
  std::ranges::copy(text.substr(0, size), field);
}

}  // namespace

Table::Table(std::string_view signature, std::uint8_t revision) {
  Header header{};
  set(header.signature, signature);
  header.revision = revision;
  set(header.oem_id, "MAYFLY");
  // One of eight characters for each table, as its definer tells apart what it defines.
  set(header.oem_table_id, "MFLY");
  std::ranges::copy(signature.substr(0, 4), header.oem_table_id + 4);
  header.oem_revision = 1;
  set(header.creator_id, "MFLY");
  header.creator_revision = 1;
  append(header);
}

Bytes Table::finish() {
  const auto length = static_cast<std::uint32_t>(bytes_.size());
  std::memcpy(bytes_.data() + offsetof(Header, length), &length, sizeof length);
  bytes_[offsetof(Header, checksum)] = loader::checksum(bytes_);
  return std::move(bytes_);
}

}  // namespace loader::acpi
