#include "loader/acpi/aml.hpp"

#include <initializer_list>

#include "tests/loader/guest_ram.hpp"

namespace aml = loader::acpi::aml;

namespace {

Bytes raw(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

}  // namespace

TEST_CASE("AML: integers take the shortest form", "[loader]") {
  CHECK(aml::integer(0) == raw({0x00}));
  CHECK(aml::integer(1) == raw({0x01}));
  CHECK(aml::integer(2) == raw({0x0A, 2}));
  CHECK(aml::integer(0xFF) == raw({0x0A, 0xFF}));
  CHECK(aml::integer(0x100) == raw({0x0B, 0x00, 0x01}));
  CHECK(aml::integer(0xFFFF) == raw({0x0B, 0xFF, 0xFF}));
  CHECK(aml::integer(0x1'0000) == raw({0x0C, 0, 0, 1, 0}));
  CHECK(aml::integer(0xFFFF'FFFF) == raw({0x0C, 0xFF, 0xFF, 0xFF, 0xFF}));
  CHECK(aml::integer(0x1'0000'0000) == raw({0x0E, 0, 0, 0, 0, 1, 0, 0, 0}));
}

TEST_CASE("AML: strings and EISA ids", "[loader]") {
  CHECK(aml::string("COM1") == raw({0x0D, 'C', 'O', 'M', '1', 0}));
  CHECK(aml::string("") == raw({0x0D, 0}));
  CHECK(aml::eisa_id("PNP0501") == raw({0x0C, 0x41, 0xD0, 0x05, 0x01}));
  CHECK(aml::eisa_id("PNP0A08") == raw({0x0C, 0x41, 0xD0, 0x0A, 0x08}));
}

TEST_CASE("AML: paths of one, two and more names, rooted or not", "[loader]") {
  CHECK(aml::path("FOO") == raw({'F', 'O', 'O', '_'}));
  CHECK(aml::path("\\_SB") == raw({'\\', '_', 'S', 'B', '_'}));
  CHECK(aml::path("\\_SB.UAR1") == raw({'\\', 0x2E, '_', 'S', 'B', '_', 'U', 'A', 'R', '1'}));
  CHECK(aml::path("A.B.C") ==
        raw({0x2F, 3, 'A', '_', '_', '_', 'B', '_', '_', '_', 'C', '_', '_', '_'}));
}

TEST_CASE("AML: package lengths grow with the package", "[loader]") {
  CHECK(aml::package({}) == raw({0x12, 0x02, 0}));
  CHECK(aml::package({aml::integer(0), aml::integer(5)}) == raw({0x12, 0x05, 2, 0x00, 0x0A, 5}));

  const auto head_of_buffer = [](std::size_t size) {
    const Bytes buffer = aml::buffer(Bytes(size));
    return Bytes(buffer.begin(), buffer.begin() + 7);
  };
  // 63 is the largest length in one byte, 4095 in two, 1048575 in three; each counts itself.
  CHECK(head_of_buffer(60) == raw({0x11, 63, 0x0A, 60, 0, 0, 0}));
  CHECK(head_of_buffer(61) == raw({0x11, 0x41, 0x04, 0x0A, 61, 0, 0}));
  CHECK(head_of_buffer(4090) == raw({0x11, 0x4F, 0xFF, 0x0B, 0xFA, 0x0F, 0}));
  CHECK(head_of_buffer(4091) == raw({0x11, 0x81, 0x00, 0x01, 0x0B, 0xFB, 0x0F}));
  CHECK(head_of_buffer(1'048'567) == raw({0x11, 0x8F, 0xFF, 0xFF, 0x0C, 0xF7, 0xFF}));
  CHECK(head_of_buffer(1'048'568) == raw({0x11, 0xC1, 0x00, 0x00, 0x01, 0x0C, 0xF8}));
}

TEST_CASE("AML: names, scopes, devices and methods", "[loader]") {
  CHECK(aml::name("_UID", aml::integer(1)) == raw({0x08, '_', 'U', 'I', 'D', 0x01}));
  CHECK(aml::scope("\\", {}) == raw({0x10, 0x02, '\\'}));
  CHECK(aml::device("DEV", {aml::name("X", aml::integer(0))}) ==
        raw({0x5B, 0x82, 0x0B, 'D', 'E', 'V', '_', 0x08, 'X', '_', '_', '_', 0x00}));
  CHECK(aml::method("_STA", {aml::return_value(aml::integer(0xF))}) ==
        raw({0x14, 0x09, '_', 'S', 'T', 'A', 0x00, 0xA4, 0x0A, 0x0F}));
}

TEST_CASE("AML: and, or", "[loader]") {
  const Bytes status = aml::path("STA");
  CHECK(aml::and_into(status, aml::integer(0xD), status) ==
        raw({0x7B, 'S', 'T', 'A', '_', 0x0A, 0x0D, 'S', 'T', 'A', '_'}));
  CHECK(aml::or_into(status, aml::integer(1), status) ==
        raw({0x7D, 'S', 'T', 'A', '_', 0x01, 'S', 'T', 'A', '_'}));
}

TEST_CASE("AML: a method that tells an event by its argument", "[loader]") {
  CHECK(aml::method("_EVT", {aml::argument(0)}, aml::Arguments::One) ==
        raw({0x14, 0x07, '_', 'E', 'V', 'T', 0x01, 0x68}));
  CHECK(aml::if_equal(aml::argument(0), aml::integer(60), {aml::notify("PWRB", 0x80)}) ==
        raw({0xA0, 0x0C, 0x93, 0x68, 0x0A, 60, 0x86, 'P', 'W', 'R', 'B', 0x0A, 0x80}));
}

TEST_CASE("AML: a method that looks into its arguments", "[loader]") {
  CHECK(aml::method("_OSC", {}, aml::Arguments::Four, aml::Calls::OneAtATime) ==
        raw({0x14, 0x06, '_', 'O', 'S', 'C', 0x0C}));
  CHECK(aml::create_dword_field(aml::argument(3), 4, "CDW2") ==
        raw({0x8A, 0x6B, 0x0A, 4, 'C', 'D', 'W', '2'}));
  CHECK(
      aml::if_different(aml::argument(0), aml::integer(1), {aml::return_value(aml::integer(0))}) ==
      raw({0xA0, 0x07, 0x92, 0x93, 0x68, 0x01, 0xA4, 0x00}));
  CHECK(aml::uuid("33DB4D5B-1FF7-401C-9657-7441C03DD766") ==
        raw({0x11, 0x13, 0x0A, 16,   0x5B, 0x4D, 0xDB, 0x33, 0xF7, 0x1F,
             0x1C, 0x40, 0x96, 0x57, 0x74, 0x41, 0xC0, 0x3D, 0xD7, 0x66}));
}

TEST_CASE("AML: resource descriptors", "[loader]") {
  CHECK(aml::io_ports({0x3F8}, 1, 8) == raw({0x47, 1, 0xF8, 0x03, 0xF8, 0x03, 1, 8}));
  CHECK(aml::interrupt({4}, aml::Trigger::Edge, aml::Sharing::Exclusive) ==
        raw({0x89, 6, 0, 0x03, 1, 4, 0, 0, 0}));
  CHECK(aml::interrupt({0x1234}, aml::Trigger::Level, aml::Sharing::Shared) ==
        raw({0x89, 6, 0, 0x09, 1, 0x34, 0x12, 0, 0}));
  CHECK(aml::memory_32_fixed(0xFEE0'0000, 0x1000) ==
        raw({0x86, 9, 0, 1, 0, 0, 0xE0, 0xFE, 0, 0x10, 0, 0}));
  CHECK(aml::qword_memory({{0x1'0000'0000}, 0x2000}, aml::MemoryUse::Window) ==
        raw({0x8A, 0x2B, 0, 0, 0x0C, 0x03, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 1, 0, 0, 0, 0xFF,
             0x1F, 0,    0, 1, 0,    0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0}));
  CHECK(aml::qword_memory({{0}, 1}, aml::MemoryUse::Registers)[4] == std::byte{0x0D});
  CHECK(aml::qword_memory({{0}, 1}, aml::MemoryUse::Registers)[5] == std::byte{0x01});
  CHECK(aml::qword_memory({{0}, 1}, aml::MemoryUse::UncachedWindow)[4] == std::byte{0x0C});
  CHECK(aml::qword_memory({{0}, 1}, aml::MemoryUse::UncachedWindow)[5] == std::byte{0x01});
  CHECK(aml::bus_numbers(0, 255) ==
        raw({0x88, 0x0D, 0, 2, 0x0C, 0, 0, 0, 0, 0, 0xFF, 0, 0, 0, 0x00, 0x01}));
  CHECK(aml::resources({aml::io_ports({0x70}, 0, 2)}) ==
        raw({0x11, 0x0D, 0x0A, 10, 0x47, 1, 0x70, 0, 0x70, 0, 0, 2, 0x79, 0}));
}
