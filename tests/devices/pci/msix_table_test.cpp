#include "devices/pci/msix_table.hpp"

#include <catch2/catch_test_macros.hpp>
#include <stdexcept>
#include <vector>

#include "devices/pci/message_interrupts.hpp"

using namespace devices::pci;
using platform::Message;

namespace {

constexpr std::uint16_t enable = 1 << 15, mask_all = 1 << 14;

struct Bench {
  explicit Bench(std::uint16_t vectors = 3) : table{vectors} {}

  template <typename T = std::uint32_t>
  T read(std::uint64_t offset) const {
    T value{};
    table.read(offset, std::as_writable_bytes(std::span{&value, 1}));
    return value;
  }
  template <typename T = std::uint32_t>
  void write(std::uint64_t offset, T value) {
    table.write(offset, std::as_bytes(std::span{&value, 1}));
  }
  /// As a driver sets a vector up.
  void set_up(std::uint16_t vector, const Message& message) {
    write(vector * 16u, static_cast<std::uint32_t>(message.address.value));
    write(vector * 16u + 4, static_cast<std::uint32_t>(message.address.value >> 32));
    write(vector * 16u + 8, message.data);
    write(vector * 16u + 12, 0u);
  }

  MsixTable table;
};

constexpr Message one{{0xFEE0'1000}, 0x41};
constexpr Message two{{0x12'FEE0'2000}, 0x42};

}  // namespace

TEST_CASE("msix: the capability says how many and where", "[devices][pci]") {
  Bench bench{5};
  const auto [body, writable] = bench.table.capability(1);
  const auto at = [&body = body](std::size_t index) {
    return std::to_integer<unsigned>(body[index]);
  };
  CHECK(at(0) == 4);  // one less
  CHECK(at(1) == 0);
  CHECK(at(2) == 1);  // BAR 1, offset 0
  CHECK((at(6) | at(7) << 8) == (5 * 16 | 1));
  CHECK(writable[0] == std::byte{0});
  CHECK(writable[1] == std::byte{0xC0});
  CHECK(bench.table.size_bytes() == 0x1000);
  CHECK(MsixTable{2048}.size_bytes() == 0x1'0000);
  CHECK(MsixTable{256}.size_bytes() == 0x2000);
  CHECK_THROWS_AS(MsixTable{0}, std::invalid_argument);
  CHECK_THROWS_AS(MsixTable{2049}, std::invalid_argument);
}

TEST_CASE("msix: entries keep what a driver writes, and begin masked", "[devices][pci]") {
  Bench bench;
  for (std::uint64_t vector = 0; vector < 3; ++vector) CHECK(bench.read(vector * 16 + 12) == 1);
  bench.write(0x10, 0xFEE0'1003u);
  CHECK(bench.read(0x10) == 0xFEE0'1000);  // of four bytes, aligned
  bench.write<std::uint64_t>(0x10, 0x1234'5678'FEE0'1000);
  CHECK(bench.read<std::uint64_t>(0x10) == 0x1234'5678'FEE0'1000);
  bench.write(0x18, 0xFFFF'FFFFu);
  CHECK(bench.read(0x18) == 0xFFFF'FFFF);
  bench.write(0x1C, 0xFFFF'FFFEu);
  CHECK(bench.read(0x1C) == 0);
  bench.write(0x1C, 0xFFFF'FFFFu);
  CHECK(bench.read(0x1C) == 1);
  CHECK(bench.read(0x00) == 0);
  CHECK(bench.read(0x2C) == 1);
}

TEST_CASE("msix: an interrupt is the message of its vector", "[devices][pci]") {
  Bench bench;
  bench.table.set_control(enable);
  bench.set_up(0, one);
  bench.set_up(2, two);
  CHECK(bench.table.signal(0) == one);
  CHECK(bench.table.signal(2) == two);
  CHECK_FALSE(bench.table.signal(1));  // masked
  CHECK_FALSE(bench.table.signal(3));
  CHECK_FALSE(bench.table.signal(0xFFFF));
}

TEST_CASE("msix: nothing is sent or kept while it is off", "[devices][pci]") {
  Bench bench;
  bench.set_up(0, one);
  CHECK_FALSE(bench.table.enabled());
  CHECK_FALSE(bench.table.signal(0));
  CHECK_FALSE(bench.table.signal(1));
  bench.table.set_control(enable);
  CHECK(bench.table.enabled());
  CHECK_FALSE(bench.table.take_due());
  CHECK(bench.read(0x30) == 0);
}

TEST_CASE("msix: what is masked waits, once", "[devices][pci]") {
  Bench bench;
  bench.table.set_control(enable);
  bench.set_up(1, one);
  bench.write(0x1C, 1u);
  CHECK_FALSE(bench.table.signal(1));
  CHECK_FALSE(bench.table.signal(1));
  CHECK(bench.read(0x30) == 1 << 1);  // the PBA, behind three entries
  CHECK_FALSE(bench.table.take_due());
  bench.write(0x1C, 0u);
  CHECK(bench.table.take_due() == one);
  CHECK_FALSE(bench.table.take_due());
  CHECK(bench.read(0x30) == 0);
}

TEST_CASE("msix: what waited when it was switched off is forgotten", "[devices][pci]") {
  Bench bench;
  bench.table.set_control(enable | mask_all);
  bench.set_up(0, one);
  CHECK_FALSE(bench.table.signal(0));
  bench.table.set_control(0);
  bench.table.set_control(enable);
  CHECK_FALSE(bench.table.take_due());
}

TEST_CASE("msix: a vector moved while masked is sent to its new place", "[devices][pci]") {
  Bench bench;
  bench.table.set_control(enable);
  bench.set_up(1, one);
  bench.write(0x1C, 1u);
  CHECK_FALSE(bench.table.signal(1));
  bench.set_up(1, two);
  CHECK(bench.table.take_due() == two);
}

TEST_CASE("msix: the function's mask holds all back", "[devices][pci]") {
  Bench bench;
  bench.set_up(0, one);
  bench.set_up(1, two);
  bench.table.set_control(enable | mask_all);
  CHECK_FALSE(bench.table.signal(0));
  CHECK_FALSE(bench.table.signal(1));
  CHECK(bench.read(0x30) == 0b11);
  CHECK_FALSE(bench.table.take_due());
  bench.table.set_control(enable);
  CHECK(bench.table.take_due() == one);
  CHECK(bench.table.take_due() == two);
  CHECK_FALSE(bench.table.take_due());
}

TEST_CASE("msix: pending bits are read in words, and not written", "[devices][pci]") {
  Bench bench{70};
  bench.table.set_control(enable);
  for (const int vector : {0, 31, 32, 69}) {
    CHECK_FALSE(bench.table.signal(static_cast<std::uint16_t>(vector)));
  }
  constexpr std::uint64_t pba = 70 * 16;
  CHECK(bench.read(pba) == 0x8000'0001);
  CHECK(bench.read<std::uint64_t>(pba) == 0x1'8000'0001);
  CHECK(bench.read(pba + 8) == 1 << 5);
  CHECK(bench.read<std::uint8_t>(pba + 3) == 0x80);
  bench.write<std::uint64_t>(pba, 0);
  CHECK(bench.read(pba) == 0x8000'0001);
  CHECK(bench.read(pba + 12) == 0);
  CHECK(bench.read(0xFFC) == 0);
}

namespace {

class Recorder final : public platform::InterruptController {
 public:
  void set_level(platform::Gsi, bool) noexcept override {}
  void send(const Message& message, std::uint32_t device_id) noexcept override {
    sent.emplace_back(message, device_id);
  }
  std::vector<std::pair<Message, std::uint32_t>> sent;
};

}  // namespace

TEST_CASE("msix: messages carry the function's name, also late ones", "[devices][pci]") {
  Recorder controller;
  MessageInterrupts interrupts{controller, 0x18, 2};
  interrupts.update([](MsixTable& table) { table.set_control(enable); });
  interrupts.raise(0);
  CHECK(controller.sent.empty());
  interrupts.update([](MsixTable& table) {
    const std::uint32_t entry[] = {0xFEE0'1000, 0, 0x41, 0};
    for (std::size_t i = 0; i < 4; ++i) table.write(i * 4, std::as_bytes(std::span{&entry[i], 1}));
  });
  interrupts.raise(0);
  interrupts.raise(7);
  CHECK(controller.sent == std::vector{std::pair{one, 0x18u}, std::pair{one, 0x18u}});
}
