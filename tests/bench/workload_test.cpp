#include "bench/boot/workload.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

using namespace bench;

TEST_CASE("workload: a result is found by its number", "[bench]") {
  const std::string console =
      "begin 1.\r\nresult 1: case=randread-1 unit=requests count=18230 ns=2000000000 end 1.\r\n"
      "begin 2.\r\nresult 2: case=tcp-send unit=KiB count=7 ns=14 end 2.\r\n";
  const auto first = parse_result(console, 1);
  REQUIRE(first);
  CHECK(first->name == "randread-1");
  CHECK(first->unit == "requests");
  CHECK(first->count == 18230);
  CHECK(first->ns == 2e9);
  REQUIRE(parse_result(console, 2));
  CHECK(parse_result(console, 2)->name == "tcp-send");
  CHECK_FALSE(parse_result(console, 3));
}

TEST_CASE("workload: a result that is not whole is none", "[bench]") {
  CHECK_FALSE(parse_result("result 1: case=a unit=b count=1 ns=2 en", 1));
  CHECK_FALSE(parse_result("result 1: case=a unit=b count=1 end 1.", 1));
  CHECK_FALSE(parse_result("result 1: case=a unit=b count=0 ns=2 end 1.", 1));
  CHECK_FALSE(parse_result("result 1: end 1.", 1));
}

TEST_CASE("workload: what each of what is counted cost", "[bench]") {
  const Effort before{{.user = 1000, .system = 500, .guest = 0}, {{"exits", 10}}};
  const Effort after{{.user = 3000, .system = 900, .guest = 100}, {{"exits", 60}, {"pf_taken", 1}}};
  const Record figures =
      figures_of({.name = "a", .unit = "b", .count = 100, .ns = 2e9}, before, after);
  CHECK(figures.number("per_s") == 50);
  CHECK(figures.number("user_ns_each") == 20);
  CHECK(figures.number("system_ns_each") == 4);
  CHECK(figures.number("guest_ns_each") == 1);
  CHECK(figures.number("exits_each") == 0.5);
  CHECK_FALSE(figures.number("mmio_exits_each"));
}

TEST_CASE("process usage: the guest's time is no part of the program's", "[bench]") {
  std::string stat = "42 (a ) name) S";
  for (int field = 4; field <= 52; ++field) {
    stat += field == 14 ? " 30" : field == 15 ? " 20" : field == 43 ? " 10" : " 7";
  }
  std::istringstream text{stat};
  const CpuTimes times = cpu_times(text);
  const Nanoseconds tick = 10'000'000;  // a hundred a second on every Linux
  CHECK(times.user == 20 * tick);
  CHECK(times.system == 20 * tick);
  CHECK(times.guest == 10 * tick);
  std::istringstream nothing{""};
  CHECK(cpu_times(nothing).user == 0);
}
