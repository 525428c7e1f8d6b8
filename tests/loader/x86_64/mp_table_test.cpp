#include "loader/x86_64/mp_table.hpp"

#include <numeric>

#include "tests/loader/guest_ram.hpp"

using loader::acpi::x86_64::Machine;
using loader::x86_64::mp::configuration_table;

namespace {

std::uint8_t sum(std::span<const std::byte> bytes) {
  return std::accumulate(bytes.begin(), bytes.end(), std::uint8_t{0}, [](auto total, auto byte) {
    return static_cast<std::uint8_t>(total + std::to_integer<std::uint8_t>(byte));
  });
}

template <typename T>
T at(std::span<const std::byte> bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.subspan(offset).data(), sizeof value);
  return value;
}

/// The entries of a table, each with its bytes.
std::vector<Bytes> entries_of(const Bytes& table) {
  std::vector<Bytes> entries;
  for (std::size_t offset = 44; offset < table.size();) {
    const std::size_t size = table[offset] == std::byte{0} ? 20 : 8;
    const auto start = table.begin() + static_cast<std::ptrdiff_t>(offset);
    entries.emplace_back(start, start + static_cast<std::ptrdiff_t>(size));
    offset += size;
  }
  return entries;
}

std::size_t count(const std::vector<Bytes>& entries, int type) {
  return static_cast<std::size_t>(std::ranges::count_if(
      entries, [type](const Bytes& entry) { return entry[0] == std::byte(type); }));
}

}  // namespace

TEST_CASE("MP table: the anchor points at it and adds up to zero", "[loader]") {
  const auto anchor = loader::x86_64::mp::floating_pointer({0xF'1000});
  CHECK(std::memcmp(anchor.data(), "_MP_", 4) == 0);
  CHECK(at<std::uint32_t>(anchor, 4) == 0xF'1000);
  CHECK(at<std::uint8_t>(anchor, 8) == 1);   // paragraphs
  CHECK(at<std::uint8_t>(anchor, 11) == 0);  // no default configuration
  CHECK(sum(anchor) == 0);
}

TEST_CASE("MP table: length, entries and checksum agree", "[loader]") {
  const Bytes table =
      configuration_table(Machine{.processors = {{.apic_id = 0}, {.apic_id = 1}}, .memory = {}});
  CHECK(std::memcmp(table.data(), "PCMP", 4) == 0);
  CHECK(at<std::uint16_t>(table, 4) == table.size());
  CHECK(at<std::uint32_t>(table, 36) == 0xFEE0'0000);
  CHECK(sum(table) == 0);
  const auto entries = entries_of(table);
  CHECK(at<std::uint16_t>(table, 34) == entries.size());
  CHECK(count(entries, 0) == 2);
  CHECK(count(entries, 1) == 1);
  CHECK(count(entries, 2) == 1);
  CHECK(count(entries, 3) == 16);
  CHECK(count(entries, 4) == 2);
  CHECK(std::ranges::is_sorted(entries, {}, [](const Bytes& entry) { return entry[0]; }));
}

TEST_CASE("MP table: the first processor boots, those without a short name are left out",
          "[loader]") {
  const auto entries = entries_of(configuration_table(
      Machine{.processors = {{.apic_id = 3}, {.apic_id = 254}, {.apic_id = 255}}, .memory = {}}));
  REQUIRE(count(entries, 0) == 2);
  CHECK(entries[0][1] == std::byte{3});
  CHECK(entries[0][3] == std::byte{0b11});
  CHECK(entries[1][1] == std::byte{254});
  CHECK(entries[1][3] == std::byte{0b01});
}

TEST_CASE("MP table: ISA interrupts go to the pins of their number, the SCI by level", "[loader]") {
  Machine machine{.processors = {{.apic_id = 0}}, .memory = {}};
  machine.io_apic.id = 7;
  for (const Bytes& entry : entries_of(configuration_table(machine))) {
    if (entry[0] != std::byte{3}) continue;
    const auto source = at<std::uint8_t>(entry, 5);
    CHECK(at<std::uint16_t>(entry, 2) == (source == 9 ? 0x000D : 0));
    CHECK(at<std::uint8_t>(entry, 6) == 7);
    CHECK(at<std::uint8_t>(entry, 7) == source);
  }
}
