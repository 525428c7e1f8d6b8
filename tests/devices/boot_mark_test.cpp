#include "devices/system/boot_mark.hpp"

#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "tests/devices/fakes.hpp"

namespace {

using devices::BootMark;

class RecordedMarks final : public devices::BootMarks {
 public:
  void mark(BootMark mark, std::chrono::steady_clock::time_point time) override {
    marks.push_back(mark);
    times.push_back(time);
  }

  std::vector<BootMark> marks;
  std::vector<std::chrono::steady_clock::time_point> times;
};

}  // namespace

TEST_CASE("boot marks: port 0x80 stamps codes 0x40 and 0x41 only", "[devices][system]") {
  RecordedMarks marks;
  devices::PostCodePort port{marks};
  const auto start = std::chrono::steady_clock::now();

  for (const int code : {0x00, 0x3F, 0x40, 0x42, 0x41, 0xFF}) {
    write_to(port, 0, static_cast<std::uint8_t>(code));
  }

  CHECK(marks.marks == std::vector{BootMark::KernelEntered, BootMark::UserSpace});
  REQUIRE(marks.times.size() == 2);
  CHECK(start <= marks.times[0]);
  CHECK(marks.times[0] <= marks.times[1]);
  CHECK(read_from(port, 0) == 0xFF);
}

TEST_CASE("boot marks: the page has the POST code as well, for machines without ports",
          "[devices][system]") {
  RecordedMarks marks;
  devices::BootTimer page{marks};
  constexpr auto post_code = devices::BootTimer::post_code_offset;

  for (const int code : {0x00, 0x3F, 0x40, 0x42, 0x41, 0x7B, 0xFF}) {
    write_to(page, post_code, static_cast<std::uint8_t>(code));
    write_to(page, post_code + 1, static_cast<std::uint8_t>(code));
    write_to(page, post_code, static_cast<std::uint32_t>(code));
  }

  CHECK(marks.marks == std::vector{BootMark::KernelEntered, BootMark::UserSpace});
  CHECK(read_from(page, post_code) == 0);
}

TEST_CASE("boot marks: the timer takes one byte of 123 at offset 0 only", "[devices][system]") {
  RecordedMarks marks;
  devices::BootTimer timer{marks};

  write_to<std::uint8_t>(timer, 0, 122);
  write_to<std::uint8_t>(timer, 1, 123);
  write_to<std::uint32_t>(timer, 0, 123);
  CHECK(marks.marks.empty());

  write_to<std::uint8_t>(timer, 0, 123);
  CHECK(marks.marks == std::vector{BootMark::GuestReady});
  CHECK(read_from<std::uint32_t>(timer, 0) == 0);
}
