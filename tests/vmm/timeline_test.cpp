#include "vmm/timeline.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using Catch::Matchers::ContainsSubstring;
using vmm::BootEvent;
using vmm::Instant;
using vmm::Timeline;

namespace {

Instant at(int ms) {
  return Instant{std::chrono::milliseconds{ms}};
}

}  // namespace

TEST_CASE("timeline: the first mark of an event counts", "[vmm][timeline]") {
  Timeline timeline;
  CHECK_FALSE(timeline.when(BootEvent::FirstRun));
  timeline.mark(BootEvent::FirstRun, at(5));
  timeline.mark(BootEvent::FirstRun, at(7));
  CHECK(timeline.when(BootEvent::FirstRun) == at(5));
}

TEST_CASE("timeline: JSON lines hold what happened and nothing else", "[vmm][timeline]") {
  Timeline timeline;
  timeline.mark(BootEvent::ProcessStart, at(1));
  timeline.mark(devices::BootMark::UserSpace, at(3));
  vmm::ExitCounts exits{};
  exits[0] = 2;
  timeline.add(exits);
  timeline.add(exits);
  timeline.add_console_bytes(10);
  CHECK(timeline.json_lines() ==
        "{\"event\":\"process_start\",\"ns\":1000000}\n"
        "{\"event\":\"mark_0x41\",\"ns\":3000000}\n"
        "{\"event\":\"totals\",\"console_bytes\":10,\"exits\":{\"port_read\":4,\"port_write\":0,"
        "\"mmio_read\":0,\"mmio_write\":0,\"kicked\":0,\"triple_fault\":0,"
        "\"system_event\":0,\"unrunnable\":0}}\n");
}

TEST_CASE("timeline: the table is in order of time", "[vmm][timeline]") {
  Timeline timeline;
  timeline.mark(BootEvent::ProcessStart, at(10));
  timeline.mark(BootEvent::FirstConsoleByte, at(30));
  timeline.mark(BootEvent::FirstRun, at(12));
  const std::string table = timeline.table();
  CHECK(table.find("first instruction") < table.find("first byte on a console"));
  CHECK_THAT(table, ContainsSubstring("20.000") && ContainsSubstring("18.000"));
}
