#include "bench/boot/report.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using bench::comparison;
using bench::Record;
using bench::report;
using Catch::Matchers::ContainsSubstring;

namespace {

Record sample(const std::string& contestant, double exit_ns, const std::string& outcome = "ok") {
  Record record;
  record.set("contestant", contestant);
  record.set("pass", std::string{"boot"});
  record.set("outcome", outcome);
  record.set("exit_ns", exit_ns);
  return record;
}

}  // namespace

TEST_CASE("report: the reference's median over each other's") {
  const auto text = report({sample("a", 1e6), sample("b", 4e6), sample("a", 1e6)}, "a");
  CHECK_THAT(text, ContainsSubstring("exit (ms)"));
  CHECK_THAT(text, ContainsSubstring("a/this"));
  CHECK_THAT(text, ContainsSubstring("0.250"));
  CHECK_THAT(text, ContainsSubstring("every run ended as it should"));
}

TEST_CASE("report: a hung run is counted and kept out of the figures") {
  const auto text = report({sample("a", 1e6), sample("a", 99e6, "hung")}, "a");
  CHECK_THAT(text, ContainsSubstring("a: 1 hung (kept out of the figures)"));
  CHECK_THAT(text, !ContainsSubstring("99.000"));
}

TEST_CASE("comparison: only what both sets of samples have") {
  const auto text =
      comparison({sample("a", 2e6), sample("gone", 1e6)}, {sample("a", 3e6), sample("new", 1e6)});
  CHECK_THAT(text, ContainsSubstring("1.500"));
  CHECK_THAT(text, !ContainsSubstring("gone"));
  CHECK_THAT(text, !ContainsSubstring("new"));
}

TEST_CASE("comparison: from nothing, the ratio is nought") {
  CHECK_THAT(comparison({sample("a", 0)}, {sample("a", 3e6)}), ContainsSubstring(" 0.000 "));
}
