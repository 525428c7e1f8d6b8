#include "bench/boot/contestant.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

using bench::Contestant;
using bench::filled_in;
using bench::KernelFile;
using bench::parse_description;

namespace {

Contestant parse(const std::string& text) {
  std::istringstream in{text};
  return parse_description(in, "some.peer");
}

const std::string good =
    "# A monitor.\n"
    "name: qemu\n"
    "program: qemu-system-x86_64\n"
    "kernel: vmlinux\n"
    "cmdline: console=ttyS0 {words}\n"
    "command: -kernel {kernel}\n"
    "  -append {cmdline}\n";

std::string good_without(const std::string& field) {
  auto text = good;
  const auto begin = text.find(field + ':');
  text.erase(begin, text.find('\n', begin) + 1 - begin);
  return text;
}

}  // namespace

TEST_CASE("peer file: fields become a contestant") {
  const auto contestant = parse(good);
  CHECK(contestant.name == "qemu");
  CHECK(contestant.program == "qemu-system-x86_64");
  CHECK(contestant.kernel == KernelFile::Vmlinux);
  CHECK(contestant.cmdline == "console=ttyS0 {words}");
  CHECK(contestant.config.empty());
}

TEST_CASE("peer file: a line that begins with a space continues the one before") {
  CHECK(parse(good).arguments ==
        std::vector<std::string>{"-kernel", "{kernel}", "-append", "{cmdline}"});
  CHECK(parse(good + "config: {\n  \"a\": 1\n  }\n").config == "{  \"a\": 1  }");
}

TEST_CASE("peer file: comments and empty lines are skipped, also within a field") {
  CHECK(parse(good + "# more\n\n  -m 512\n").arguments.back() == "512");
}

TEST_CASE("peer file: a field may be empty") {
  CHECK(parse(good + "config:\n").config.empty());
  CHECK(parse(good + "config:   \n").config.empty());
}

TEST_CASE("peer file: what makes no sense is told on one line") {
  const auto [text, complaint] = GENERATE(table<std::string, std::string>({
      {"", "there is no 'name:'"},
      {good_without("name"), "there is no 'name:'"},
      {good_without("program"), "there is no 'program:'"},
      {good_without("kernel"), "there is no 'kernel:'"},
      {good_without("cmdline"), "there is no 'cmdline:'"},
      {good + "kernal: bzImage\n", "there is no field 'kernal'"},
      {good + "name: again\n", "'name:' comes twice"},
      {good + "no colon here\n", "expected 'field: text', found 'no colon here'"},
      {"  begins with a continuation\n" + good,
       "expected 'field: text', found '  begins with a continuation'"},
      {good_without("kernel") + "kernel: zImage\n  of old\n",
       "kernel is bzImage or vmlinux, not 'zImage  of old'"},
  }));
  CHECK_THROWS_MATCHES(parse(text), std::runtime_error,
                       Catch::Matchers::Message("some.peer: " + complaint));
}

TEST_CASE("peer file: one that is not there is named") {
  CHECK_THROWS_MATCHES(bench::read_description("/nowhere/x.peer"), std::runtime_error,
                       Catch::Matchers::Message("/nowhere/x.peer: cannot be read"));
}

TEST_CASE("peer file: all of ours make sense, and no two have one name") {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{PEERS_FOLDER}) {
    names.push_back(bench::read_description(entry.path()).name);
    CHECK(names.back() == entry.path().stem());
  }
  CHECK_FALSE(names.empty());
  std::ranges::sort(names);
  CHECK(std::ranges::adjacent_find(names) == names.end());
}

TEST_CASE("placeholders: each is replaced wherever it stands; other braces stay") {
  CHECK(filled_in("{a} and {a}{b}, {c} {", {{"a", "x"}, {"b", "y z"}}) == "x and xy z, {c} {");
}

TEST_CASE("placeholders: a replacement is not searched for itself") {
  CHECK(filled_in("{a}", {{"a", "{a}{a}"}}) == "{a}{a}");
}
