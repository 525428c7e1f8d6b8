#include "vmm/escape.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <string_view>

using vmm::EscapeFilter;

namespace {

struct Result {
  std::string kept;
  bool quit;
  bool operator==(const Result&) const = default;
};

Result type(EscapeFilter& filter, std::string_view keys) {
  std::string buffer{keys};
  const auto typed = filter.filter(std::as_writable_bytes(std::span{buffer}));
  return {buffer.substr(0, typed.size_bytes), typed.quit};
}

}  // namespace

TEST_CASE("escape: what is typed passes, Ctrl-C included", "[vmm][console]") {
  EscapeFilter filter;
  CHECK(type(filter, "ls -l\r\x03") == Result{"ls -l\r\x03", false});
}

TEST_CASE("escape: Ctrl-Q q quits and drops what follows", "[vmm][console]") {
  EscapeFilter filter;
  CHECK(type(filter, "ab\x11qcd") == Result{"ab", true});
}

TEST_CASE("escape: Ctrl-Q Ctrl-Q is one Ctrl-Q", "[vmm][console]") {
  EscapeFilter filter;
  CHECK(type(filter, "a\x11\x11q") == Result{"a\x11q", false});
}

TEST_CASE("escape: Ctrl-Q and another key is nothing", "[vmm][console]") {
  EscapeFilter filter;
  CHECK(type(filter, "a\x11zb") == Result{"ab", false});
}

TEST_CASE("escape: a sequence may be cut between two reads", "[vmm][console]") {
  EscapeFilter filter;
  CHECK(type(filter, "a\x11") == Result{"a", false});
  CHECK(type(filter, "q") == Result{"", true});
}
