#include "loader/acpi/x86_64/tables.hpp"

#include "loader/acpi/x86_64/fadt.hpp"
#include "loader/acpi/x86_64/madt.hpp"
#include "loader/acpi/x86_64/numa.hpp"
#include "tests/loader/acpi_tables.hpp"
#include "tests/loader/guest_ram.hpp"

using namespace loader::acpi;
using namespace loader::acpi::x86_64;

namespace {

constexpr GuestAddress place{0x1'9000};

std::map<std::string, Bytes> tables_of(const Machine& machine) {
  return tables_by_name(make_tables(machine, place), place);
}

Machine one_processor() {
  return {.processors = {{.apic_id = 0}}, .memory = {{.range = {{0}, 512_MiB}}}};
}

}  // namespace

TEST_CASE("ACPI: the RSDP leads to every table", "[loader]") {
  const Tables tables = make_tables(one_processor(), place);
  CHECK(table_text(tables.rsdp, 0, 8) == "RSD PTR ");
  CHECK(sum(std::span{tables.rsdp}.first(20)) == 0);
  CHECK(sum(tables.rsdp) == 0);
  CHECK(at<std::uint8_t>(tables.rsdp, 15) == 2);
  CHECK(at<std::uint32_t>(tables.rsdp, 16) == 0);
  CHECK(at<std::uint32_t>(tables.rsdp, 20) == 36);

  const auto found = tables_of(one_processor());
  CHECK(found.size() == 5);
  CHECK(at<std::uint8_t>(found.at("DSDT"), 8) == 2);
  CHECK(at<std::uint8_t>(found.at("FACP"), 8) == 6);
  CHECK(at<std::uint8_t>(found.at("APIC"), 8) == 5);
  CHECK(at<std::uint8_t>(found.at("SRAT"), 8) == 3);
  CHECK(at<std::uint8_t>(found.at("XSDT"), 8) == 1);
  CHECK(table_text(found.at("SRAT"), 16, 8) == "MFLYSRAT");
}

TEST_CASE("ACPI: the FADT says where the registers are, and what is missing", "[loader]") {
  const Bytes fadt = make_fadt(one_processor(), {0x1'9000});
  REQUIRE(fadt.size() == 276);
  CHECK(at<std::uint32_t>(fadt, 40) == 0x1'9000);
  CHECK(at<std::uint64_t>(fadt, 140) == 0x1'9000);
  CHECK(at<std::uint16_t>(fadt, 46) == 9);
  CHECK(at<std::uint32_t>(fadt, 48) == 0);  // no SMI: always in ACPI mode
  CHECK(at<std::uint32_t>(fadt, 56) == 0x400);
  CHECK(at<std::uint32_t>(fadt, 64) == 0x404);
  CHECK(at<std::uint32_t>(fadt, 76) == 0x408);
  CHECK(at<std::uint32_t>(fadt, 80) == 0);  // no GPE block
  CHECK(at<std::uint8_t>(fadt, 88) == 4);
  CHECK(at<std::uint8_t>(fadt, 89) == 2);
  CHECK(at<std::uint8_t>(fadt, 91) == 4);
  CHECK(at<std::uint8_t>(fadt, 92) == 0);
  CHECK(at<std::uint16_t>(fadt, 96) == 101);
  CHECK(at<std::uint16_t>(fadt, 98) == 1001);
  // WBINVD, C1, no sleep button, no fixed RTC, 32-bit timer, reset register, headless;
  // bit 4 clear: a fixed power button.
  CHECK(at<std::uint32_t>(fadt, 112) == 0x1565);
  const auto address = [](std::initializer_list<unsigned> head, unsigned port) {
    Bytes bytes = raw(head);
    loader::append(bytes, std::uint64_t{port});
    return bytes;
  };
  const auto part = [&](std::size_t offset) {
    return Bytes(fadt.begin() + static_cast<std::ptrdiff_t>(offset),
                 fadt.begin() + static_cast<std::ptrdiff_t>(offset) + 12);
  };
  CHECK(part(116) == address({1, 8, 0, 1}, 0x433));
  CHECK(at<std::uint8_t>(fadt, 128) == 1);
  CHECK(part(148) == address({1, 32, 0, 2}, 0x400));
  CHECK(part(172) == address({1, 16, 0, 2}, 0x404));
  CHECK(part(208) == address({1, 32, 0, 3}, 0x408));
  CHECK(part(220) == Bytes(12));
}

TEST_CASE("ACPI: the FADT's legacy devices are the machine's", "[loader]") {
  Machine machine = one_processor();
  CHECK(at<std::uint16_t>(make_fadt(machine, {}), 109) == 0x24);  // no VGA, no RTC
  CHECK(at<std::uint8_t>(make_fadt(machine, {}), 108) == 0);
  machine.rtc.emplace();
  CHECK(at<std::uint16_t>(make_fadt(machine, {}), 109) == 0x04);
  CHECK(at<std::uint8_t>(make_fadt(machine, {}), 108) == 0x32);
  machine.serial_ports.push_back({});
  CHECK(at<std::uint16_t>(make_fadt(machine, {}), 109) == 0x05);
}

TEST_CASE("ACPI: the MADT lists controllers and processors", "[loader]") {
  Machine machine = one_processor();
  machine.processors = {{.apic_id = 0}, {.apic_id = 13}};
  const Bytes madt = make_madt(machine);
  CHECK(at<std::uint32_t>(madt, 36) == 0xFEE0'0000);
  CHECK(at<std::uint32_t>(madt, 40) == 1);
  const auto entries = structures(madt, 44);
  REQUIRE(entries.size() == 5);
  CHECK(entries[0].second == raw({1, 12, 0, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0}));
  CHECK(entries[1].second == raw({2, 10, 0, 9, 9, 0, 0, 0, 0x0D, 0}));
  CHECK(entries[2].second == raw({4, 6, 0xFF, 0, 0, 1}));
  CHECK(entries[3].second == raw({0, 8, 1, 0, 1, 0, 0, 0}));
  CHECK(entries[4].second == raw({0, 8, 2, 13, 1, 0, 0, 0}));

  machine.has_pic = false;
  CHECK(at<std::uint32_t>(make_madt(machine), 40) == 0);
}

TEST_CASE("ACPI: processors with long ids are x2APICs", "[loader]") {
  Machine machine = one_processor();
  machine.processors = {{.apic_id = 254}, {.apic_id = 255}, {.apic_id = 4823}};
  const auto entries = structures(make_madt(machine), 44);
  REQUIRE(entries.size() == 7);
  CHECK(entries[3].second == raw({0, 8, 1, 254, 1, 0, 0, 0}));
  CHECK(entries[4].second == raw({9, 16, 0, 0, 255, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0}));
  CHECK(entries[5].second == raw({9, 16, 0, 0, 0xD7, 0x12, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0}));
  CHECK(entries[6].second == raw({10, 12, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0}));

  const auto affinities = structures(make_srat(machine), 48);
  CHECK(affinities[0].first == 0);
  CHECK(affinities[1].second ==
        raw({2, 24, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_CASE("ACPI: 255 and more processors are all listed", "[loader]") {
  Machine machine = one_processor();
  machine.processors.clear();
  for (std::uint32_t id = 0; id < 1200; ++id) machine.processors.push_back({.apic_id = id});
  CHECK(structures(make_madt(machine), 44).size() == 1200 + 4);
  CHECK(tables_of(machine).size() == 5);
}

TEST_CASE("ACPI: SRAT and SLIT tell the nodes", "[loader]") {
  Machine machine = one_processor();
  machine.processors = {{.apic_id = 3, .node = 0}, {.apic_id = 4, .node = 0x12345}};
  machine.memory = {{.range = {{0}, 3_GiB}, .node = 0}, {.range = {{4_GiB}, 5_GiB}, .node = 1}};
  const Bytes srat = make_srat(machine);
  CHECK(at<std::uint32_t>(srat, 36) == 1);
  const auto affinities = structures(srat, 48);
  REQUIRE(affinities.size() == 4);
  CHECK(affinities[0].second == raw({0, 16, 0, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  CHECK(affinities[1].second == raw({0, 16, 0x45, 4, 1, 0, 0, 0, 0, 0x23, 0x01, 0, 0, 0, 0, 0}));
  CHECK(affinities[3].second == raw({1, 40, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x40,
                                     1, 0,  0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));

  machine.processors[1].node = 1;
  CHECK(tables_of(machine).size() == 6);
  const Bytes slit = make_slit(machine);
  CHECK(Bytes(slit.begin() + 36, slit.end()) == raw({2, 0, 0, 0, 0, 0, 0, 0, 10, 20, 20, 10}));
  machine.node_distances = {10, 31, 21, 10};
  const Bytes given = make_slit(machine);
  CHECK(Bytes(given.begin() + 44, given.end()) == raw({10, 31, 21, 10}));
  machine.node_distances.pop_back();
  CHECK_THROWS_AS(make_slit(machine), loader::LoadError);
}
