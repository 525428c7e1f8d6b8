#include "runtime/loop.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <stdexcept>
#include <thread>

#include "runtime/event.hpp"
#include "runtime/local_event.hpp"
#include "tests/support/test_loop.hpp"

namespace {

using runtime::Task;

Task<> remember(int& value) {
  value = 42;
  co_return;
}

Task<> fail() {
  throw std::runtime_error{"root broke"};
  co_return;
}

Task<int> answer() {
  co_return 42;
}

}  // namespace

TEST_CASE("a loop runs a root task to its end, more than once", "[runtime][loop]") {
  runtime::Loop loop;
  int first = 0;
  int second = 0;
  loop.run(remember(first));
  loop.run(remember(second));
  CHECK(first == 42);
  CHECK(second == 42);
}

TEST_CASE("a loop rethrows its root's failure and works on", "[runtime][loop]") {
  runtime::Loop loop;
  CHECK_THROWS_AS(loop.run(fail()), std::runtime_error);
  int value = 0;
  loop.run(remember(value));
  CHECK(value == 42);
}

TEST_CASE("a test loop returns its task's result", "[runtime][loop]") {
  TestLoop loop;
  CHECK(loop.run(answer()) == 42);
}

TEST_CASE("work posted before the run is done in it", "[runtime][loop]") {
  runtime::Loop loop;
  int value = 0;
  int ignored = 0;
  loop.post([&] { value = 42; });
  CHECK(value == 0);
  loop.run(remember(ignored));
  CHECK(value == 42);
}

TEST_CASE("a thread can post to a loop that sleeps", "[runtime][loop][threads]") {
  TestLoop loop;
  runtime::LocalEvent posted{loop.executor()};
  std::thread::id ran_on;
  std::thread poster{[&] {
    loop.loop().post([&] {
      ran_on = std::this_thread::get_id();
      posted.notify();
    });
  }};
  loop.run(posted.wait());
  poster.join();
  CHECK(ran_on == std::this_thread::get_id());
}

TEST_CASE("two loops run on two threads side by side", "[runtime][loop][threads]") {
  runtime::Loop first;
  TestLoop second;
  runtime::Event to_first{first.executor()};
  runtime::Event to_second{second.executor()};
  std::thread other{[&] {
    first.run(to_first.wait());
    to_second.notify();
  }};
  to_first.notify();
  second.run(to_second.wait());
  other.join();
}
