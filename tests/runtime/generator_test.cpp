#include "runtime/generator.hpp"

#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/finally.hpp"

namespace {

using runtime::Finally;
using runtime::Generator;

Generator<int> count_to(int last) {
  for (int i = 1; i <= last; ++i) co_yield int{i};
}

Generator<int&> same_place(int& place) {
  for (;;) co_yield place;
}

Generator<std::string> fail_after_one(bool& ended) {
  const Finally noted{[&] { ended = true; }};
  co_yield "one";
  throw std::runtime_error{"broken"};
}

Generator<std::unique_ptr<int>> owners() {
  co_yield std::make_unique<int>(1);
  co_yield std::make_unique<int>(2);
}

}  // namespace

TEST_CASE("a generator yields its values in order and ends", "[runtime][generator]") {
  std::vector<int> seen;
  for (const int value : count_to(4)) seen.push_back(value);
  CHECK(seen == std::vector{1, 2, 3, 4});
  for (const int value : count_to(0)) FAIL(value);
}

TEST_CASE("a generator of references hands out the thing itself", "[runtime][generator]") {
  int place = 0;
  for (int& reference : same_place(place)) {
    CHECK(&reference == &place);
    if (++reference == 3) break;
  }
  CHECK(place == 3);
}

TEST_CASE("a generator's values may be moved from", "[runtime][generator]") {
  std::vector<std::unique_ptr<int>> taken;
  for (auto&& owner : owners()) taken.push_back(std::move(owner));
  REQUIRE(taken.size() == 2);
  CHECK(*taken[1] == 2);
}

TEST_CASE("a generator's exception reaches its consumer", "[runtime][generator]") {
  bool ended = false;
  auto lines = fail_after_one(ended);
  auto line = lines.begin();
  CHECK(*line == "one");
  CHECK_FALSE(ended);
  CHECK_THROWS_AS(++line, std::runtime_error);
  CHECK(ended);
  CHECK(line == lines.end());
}

TEST_CASE("dropping a generator ends it where it stands", "[runtime][generator]") {
  bool ended = false;
  {
    auto lines = fail_after_one(ended);
    CHECK(*lines.begin() == "one");
    CHECK_FALSE(ended);
  }
  CHECK(ended);
}

TEST_CASE("a generator that never ran is dropped quietly", "[runtime][generator]") {
  bool ended = false;
  { const auto lines = fail_after_one(ended); }
  CHECK_FALSE(ended);
}

TEST_CASE("a moved generator goes on where it was", "[runtime][generator]") {
  auto numbers = count_to(3);
  auto first = numbers.begin();
  CHECK(*first == 1);
  auto moved = std::move(numbers);
  ++first;
  CHECK(*first == 2);
}
