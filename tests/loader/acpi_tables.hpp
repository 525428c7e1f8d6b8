// Taking ACPI tables apart.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "loader/acpi/table_set.hpp"
#include "tests/loader/guest_ram.hpp"

template <typename T>
T at(std::span<const std::byte> bytes, std::size_t offset) {
  T value;
  REQUIRE(offset + sizeof value <= bytes.size());
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

inline std::string table_text(std::span<const std::byte> bytes, std::size_t offset,
                              std::size_t size) {
  const auto part = bytes.subspan(offset, size);
  return {reinterpret_cast<const char*>(part.data()), part.size()};
}

inline unsigned sum(std::span<const std::byte> bytes) {
  unsigned total = 0;
  for (const std::byte byte : bytes) total += std::to_integer<unsigned>(byte);
  return total % 256;
}

/// Follows the XSDT, and the FADT to the DSDT, as a kernel does. By signature.
inline std::map<std::string, Bytes> tables_by_name(const loader::acpi::Tables& tables,
                                                   GuestAddress place) {
  const std::span all{tables.bytes};
  std::map<std::string, Bytes> found;
  const auto take = [&](std::uint64_t address) {
    CHECK(address % 8 == 0);
    const auto from = all.subspan(address - place.value);
    const auto table = from.first(at<std::uint32_t>(from, 4));
    CHECK(sum(table) == 0);
    CHECK(table_text(table, 10, 6) == "MAYFLY");
    CHECK(table_text(table, 28, 4) == "MFLY");
    return found[table_text(table, 0, 4)] = Bytes(table.begin(), table.end());
  };
  const Bytes xsdt = take(at<std::uint64_t>(tables.rsdp, 24));
  for (std::size_t offset = 36; offset < xsdt.size(); offset += 8) {
    take(at<std::uint64_t>(xsdt, offset));
  }
  take(at<std::uint64_t>(found.at("FACP"), 140));
  return found;
}

/// The structures of a MADT or SRAT behind its first `skip` bytes, by type.
inline std::vector<std::pair<unsigned, Bytes>> structures(const Bytes& table, std::size_t skip) {
  std::vector<std::pair<unsigned, Bytes>> found;
  for (std::size_t offset = skip; offset < table.size();) {
    const auto length = at<std::uint8_t>(table, offset + 1);
    const auto first = table.begin() + static_cast<std::ptrdiff_t>(offset);
    found.emplace_back(at<std::uint8_t>(table, offset), Bytes(first, first + length));
    offset += length;
  }
  return found;
}

inline Bytes raw(std::initializer_list<unsigned> values) {
  Bytes bytes;
  for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}
