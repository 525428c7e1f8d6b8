#include "bench/boot/record.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using bench::parse_record;
using bench::Record;

TEST_CASE("record: what is written is read back, in its order") {
  Record record;
  record.set("contestant", std::string{"mayfly"});
  record.set("exit_ns", 193'200'000.0);
  record.set("ratio", 0.1);
  record.set("less", -2.5e-7);
  record.set("large", 9'007'199'254'740'993.0);
  const auto back = parse_record(record.to_json());
  REQUIRE(back.has_value());
  CHECK(back->values() == record.values());
}

TEST_CASE("record: any text survives, on one line") {
  const auto* text = GENERATE("", "a \"quoted\" \\ word", "two\nlines\tand\r\x01\x1b[0m\x7f",
                              "\xc3\xa4 \xff", "{},:[]");
  Record record;
  record.set("why", std::string{text});
  const auto line = record.to_json();
  CHECK(line.find('\n') == std::string::npos);
  const auto back = parse_record(line);
  REQUIRE(back.has_value());
  CHECK(back->text("why") == text);
}

TEST_CASE("record: one without values is an empty object") {
  CHECK(Record{}.to_json() == "{}");
  const auto back = parse_record(" {} ");
  REQUIRE(back.has_value());
  CHECK(back->values().empty());
}

TEST_CASE("record: setting a name again replaces its value and keeps its place") {
  Record record;
  record.set("a", 1);
  record.set("b", 2);
  record.set("a", std::string{"three"});
  CHECK(record.to_json() == R"({"a":"three","b":2})");
}

TEST_CASE("record: a number is no text, a text no number") {
  const auto record = parse_record(R"({"n":1,"t":"1"})");
  REQUIRE(record.has_value());
  CHECK(record->number("n") == 1);
  CHECK(record->text("t") == "1");
  CHECK_FALSE(record->text("n").has_value());
  CHECK_FALSE(record->number("t").has_value());
  CHECK_FALSE(record->number("absent").has_value());
}

TEST_CASE("record: objects inside are flattened, truth values are numbers") {
  const auto record =
      parse_record(R"({ "event" : "totals", "exits": {"port_read": 3, "deep": {"er": true}},)"
                   R"( "done": false })");
  REQUIRE(record.has_value());
  CHECK(record->text("event") == "totals");
  CHECK(record->number("exits.port_read") == 3);
  CHECK(record->number("exits.deep.er") == 1);
  CHECK(record->number("done") == 0);
}

TEST_CASE("record: what is not such a line is none") {
  const auto* line =
      GENERATE("", "{", "}", "[]", "{}x", "{} {}", R"({"a"})", R"({"a":})", R"({"a":1,})",
               R"({"a":1 "b":2})", R"({a:1})", R"({"a":null})", R"({"a":[1]})", R"({"a":"open})",
               R"({"a":"open\)", R"({"a":"\u00"})", R"({"a":"\u00e4"})", R"({"a":"\u1zzz"})",
               R"({"a":{"b":1})", "host: x");
  CHECK_FALSE(parse_record(line).has_value());
}
