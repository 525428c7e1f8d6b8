#include "devices/storage/range_locks.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "runtime/scope.hpp"
#include "tests/support/test_loop.hpp"

using namespace devices::storage;
using runtime::Scope;
using runtime::Task;

namespace {

/// Holds a range for some turns, and writes down when it begins and ends.
Task<> hold(RangeLocks& locks, BlockRange range, int turns, char name, std::string& story) {
  const RangeLocks::Held held = co_await locks.lock(range);
  story += name;
  for (int turn = 0; turn < turns; ++turn) co_await runtime::yield();
  story += static_cast<char>(name - 'a' + 'A');
}

Task<> stop(Scope& scope) {
  co_await runtime::yield();
  scope.request_stop();
}

}  // namespace

TEST_CASE("range locks: overlapping claims go in the order they came", "[devices][storage]") {
  TestLoop loop;
  RangeLocks locks{loop.executor()};
  std::string story;
  loop.run(runtime::with_scope([&](Scope& scope) {
    scope.spawn(hold(locks, {0, 9}, 5, 'a', story));
    scope.spawn(hold(locks, {9, 20}, 1, 'b', story));
    scope.spawn(hold(locks, {20, 20}, 1, 'c', story));
    scope.spawn(hold(locks, {0, 0}, 9, 'd', story));
  }));
  CHECK(story == "aAbdBcCD");
}

TEST_CASE("range locks: claims that do not overlap do not wait", "[devices][storage]") {
  TestLoop loop;
  RangeLocks locks{loop.executor()};
  std::string story;
  loop.run(runtime::with_scope([&](Scope& scope) {
    scope.spawn(hold(locks, {0, 9}, 3, 'a', story));
    scope.spawn(hold(locks, {10, 10}, 3, 'b', story));
  }));
  CHECK(story == "abAB");
}

TEST_CASE("range locks: a claim that is given up stands in nobody's way", "[devices][storage]") {
  TestLoop loop;
  RangeLocks locks{loop.executor()};
  std::string story;
  loop.run(runtime::with_scope([&](Scope& scope) {
    for (const char name : {'a', 'b', 'c'}) scope.spawn(hold(locks, {0, 0}, 100, name, story));
    scope.spawn(stop(scope));
  }));
  loop.run(hold(locks, {0, 0}, 1, 'x', story));
  CHECK(story == "axX");
}
