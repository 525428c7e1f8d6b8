#include "vmm/key_values.hpp"

#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "vmm/options.hpp"

namespace {

using vmm::KeyValues;

std::string refusal(std::string_view text, const std::function<void(KeyValues&)>& ask) {
  try {
    KeyValues parts{"--thing", text};
    ask(parts);
    parts.finish();
  } catch (const vmm::BadUsage& error) {
    return error.what();
  }
  return "";
}

void ask_all(KeyValues& parts) {
  (void)parts.take("file");
  (void)parts.take_flag("ro");
  (void)parts.take_number("queues", 1, 16);
}

}  // namespace

TEST_CASE("key values: flags, values and numbers, in any order", "[vmm]") {
  KeyValues parts{"--thing", "ro,queues=4,file=a=b.raw"};
  CHECK(parts.take("file") == "a=b.raw");
  CHECK(parts.take_flag("ro"));
  CHECK_FALSE(parts.take_flag("direct"));
  CHECK(parts.take_number("queues", 1, 4) == 4u);
  CHECK_FALSE(parts.take("id"));
  parts.finish();
}

TEST_CASE("key values: a comma written twice belongs to the value", "[vmm]") {
  KeyValues parts{"--thing", "file=a,,b,,,ro"};
  CHECK(parts.take("file") == "a,b,");
  CHECK(parts.take_flag("ro"));
  parts.finish();
}

TEST_CASE("key values: a key may be there many times if that was asked for", "[vmm]") {
  KeyValues parts{"--thing", "forward=1,forward=2"};
  CHECK(parts.take_all("forward") == std::vector<std::string>{"1", "2"});
  parts.finish();
}

TEST_CASE("key values: every refusal says what was found and what was expected", "[vmm]") {
  CHECK(refusal("", ask_all) == "--thing: found '' with an empty part, expected KEY=VALUE,...");
  CHECK(refusal("file=a,", ask_all) ==
        "--thing: found 'file=a,' with an empty part, expected KEY=VALUE,...");
  CHECK(refusal("=a", ask_all) == "--thing: found '=a' with an empty part, expected KEY=VALUE,...");
  CHECK(refusal("wo", ask_all) == "--thing: found 'wo', expected file=, ro, queues=");
  CHECK(refusal("file", ask_all) == "--thing: found file without a value, expected file=VALUE");
  CHECK(refusal("file=", ask_all) == "--thing: found file without a value, expected file=VALUE");
  CHECK(refusal("file=a,file=b", ask_all) == "--thing: found file= twice, expected it once");
  CHECK(refusal("ro=yes", ask_all) == "--thing: found ro=yes, expected ro alone");
  CHECK(refusal("ro,ro", ask_all) == "--thing: found ro twice, expected it once");
  for (const std::string bad : {"0", "17", "x", "4x", "-1", "99999999999"}) {
    CHECK(refusal("queues=" + bad, ask_all) ==
          "--thing: found queues=" + bad + ", expected a number from 1 to 16");
  }
}
