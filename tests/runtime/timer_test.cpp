#include "runtime/timer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <stdexcept>
#include <vector>

#include "runtime/scope.hpp"
#include "tests/support/test_loop.hpp"

namespace {

using namespace std::chrono_literals;
using runtime::Clock;
using runtime::Scope;
using runtime::Task;

Task<> sleep_and_note(Clock::time_point when, int number, std::vector<int>& order) {
  co_await runtime::sleep_until(when);
  CHECK(Clock::now() >= when);
  order.push_back(number);
}

Task<> do_nothing() {
  co_return;
}

Task<> fail() {
  throw std::runtime_error{"broken"};
  co_return;
}

Task<> sleep_under_a_deadline() {
  (void)co_await runtime::with_deadline(1h, runtime::sleep_for(2h));
  FAIL("went on after a stop");
}

Task<> nested_deadlines(bool& inner_finished, bool& outer_finished) {
  // The outer deadline is too far away to matter, the inner one has passed already.
  inner_finished = co_await runtime::with_deadline(0s, runtime::sleep_for(1h));
  outer_finished = co_await runtime::with_deadline(1h, do_nothing());
}

}  // namespace

TEST_CASE("timers fire in the order of their times, never early", "[runtime][timer]") {
  TestLoop loop;
  std::vector<int> order;
  const auto now = Clock::now();
  loop.run(runtime::all(sleep_and_note(now + 9ms, 3, order), sleep_and_note(now + 3ms, 1, order),
                        sleep_and_note(now + 6ms, 2, order), sleep_and_note(now - 1s, 0, order)));
  CHECK(order == std::vector{0, 1, 2, 3});
}

TEST_CASE("a sleeping task can be stopped, even one that sleeps for ever", "[runtime][timer]") {
  TestLoop loop;
  loop.run(runtime::with_scope([](Scope& scope) {
    scope.spawn(runtime::sleep_for(Clock::duration::max()));
    scope.spawn(runtime::sleep_for(1h));
    scope.request_stop();
  }));
}

TEST_CASE("with_deadline says whether the task finished", "[runtime][timer]") {
  TestLoop loop;
  CHECK(loop.run(runtime::with_deadline(1h, do_nothing())));
  CHECK_FALSE(loop.run(runtime::with_deadline(1ms, runtime::sleep_for(1h))));
  CHECK(loop.run(runtime::with_deadline(Clock::duration::max(), runtime::sleep_for(1ms))));
}

TEST_CASE("with_deadline passes a failure on", "[runtime][timer]") {
  TestLoop loop;
  CHECK_THROWS_AS(loop.run(runtime::with_deadline(1h, fail())), std::runtime_error);
}

TEST_CASE("deadlines nest and follow one another", "[runtime][timer]") {
  TestLoop loop;
  bool inner_finished = true;
  bool outer_finished = false;
  loop.run(nested_deadlines(inner_finished, outer_finished));
  CHECK_FALSE(inner_finished);
  CHECK(outer_finished);
}

TEST_CASE("a stop goes through with_deadline to its task", "[runtime][timer]") {
  TestLoop loop;
  loop.run(runtime::with_scope([](Scope& scope) {
    scope.spawn(sleep_under_a_deadline());
    scope.request_stop();
  }));
}
