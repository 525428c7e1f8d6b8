#include "runtime/scope.hpp"

#include <catch2/catch_test_macros.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/event.hpp"
#include "runtime/finally.hpp"
#include "runtime/timer.hpp"
#include "tests/support/test_loop.hpp"

namespace {

using runtime::Event;
using runtime::Finally;
using runtime::LocalEvent;
using runtime::Scope;
using runtime::Task;
using runtime::with_scope;
using Journal = std::vector<std::string>;

Task<> note(Journal& journal, std::string line) {
  journal.push_back(std::move(line));
  co_return;
}

/// Waits for good; notes how it ended.
Task<> wait_for_stop(Journal& journal, std::string name) {
  const Finally noted{[&] { journal.push_back(name + " ended"); }};
  co_await runtime::sleep_for(std::chrono::hours{1});
  journal.push_back(name + " was never stopped");
}

Task<> fail(std::string message) {
  throw std::runtime_error{message};
  co_return;
}

Task<> wait_then_fail(LocalEvent& event, std::string message) {
  co_await event.wait();
  throw std::runtime_error{message};
}

std::string failure_of(TestLoop& loop, Task<> task) {
  try {
    loop.run(std::move(task));
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

Task<> yield() {
  co_await runtime::sleep_for({});
}

}  // namespace

TEST_CASE("with_scope ends after its body and every child have", "[runtime][scope]") {
  TestLoop loop;
  Journal journal;
  loop.run(with_scope([&](Scope& scope) {
    scope.spawn(note(journal, "child"));
    scope.spawn(note(journal, "other child"));
    journal.push_back("body");
  }));
  CHECK(journal == Journal{"child", "other child", "body"});
}

TEST_CASE("a scope without children ends at once", "[runtime][scope]") {
  TestLoop loop;
  loop.run(with_scope([](Scope&) {}));
  loop.run(runtime::all());
}

TEST_CASE("a child's failure stops its siblings and is rethrown", "[runtime][scope]") {
  TestLoop loop;
  Journal journal;
  CHECK(failure_of(loop, runtime::all(wait_for_stop(journal, "sibling"), fail("broken"))) ==
        "broken");
  CHECK(journal == Journal{"sibling ended"});
}

TEST_CASE("a child's failure stops the body", "[runtime][scope]") {
  TestLoop loop;
  Journal journal;
  LocalEvent go{loop.executor()};
  CHECK(failure_of(loop, with_scope([&](Scope& scope) {
                     scope.spawn(wait_then_fail(go, "broken"));
                     go.notify();
                     return wait_for_stop(journal, "body");
                   })) == "broken");
  CHECK(journal == Journal{"body ended"});
}

TEST_CASE("the body's failure stops the children", "[runtime][scope]") {
  TestLoop loop;
  Journal journal;
  CHECK(failure_of(loop, with_scope([&](Scope& scope) {
                     scope.spawn(wait_for_stop(journal, "child"));
                     throw std::runtime_error{"body broke"};
                   })) == "body broke");
  CHECK(journal == Journal{"child ended"});
}

namespace {

Task<> fail_when_stopped(std::string message) {
  try {
    co_await runtime::sleep_for(std::chrono::hours{1});
  } catch (const std::system_error&) {
    throw std::runtime_error{message};
  }
}

}  // namespace

TEST_CASE("the first failure wins over those it causes", "[runtime][scope]") {
  TestLoop loop;
  CHECK(failure_of(loop, runtime::all(fail_when_stopped("second"), fail("first"),
                                      fail_when_stopped("third"))) == "first");
}

TEST_CASE("a failure while stopping is still a failure", "[runtime][scope]") {
  TestLoop loop;
  CHECK(failure_of(loop, with_scope([](Scope& scope) {
                     scope.spawn(fail_when_stopped("clean-up broke"));
                     scope.request_stop();
                   })) == "clean-up broke");
}

TEST_CASE("stopping is no failure, and may be asked for twice", "[runtime][scope]") {
  TestLoop loop;
  Journal journal;
  loop.run(with_scope([&](Scope& scope) {
    scope.spawn(wait_for_stop(journal, "child"));
    scope.request_stop();
    scope.request_stop();
    CHECK(scope.stop_requested());
  }));
  CHECK(journal == Journal{"child ended"});
}

TEST_CASE("a child of a stopped scope is stopped at its first wait", "[runtime][scope]") {
  TestLoop loop;
  Journal journal;
  loop.run(with_scope([&](Scope& scope) {
    scope.request_stop();
    scope.spawn(note(journal, "needs no wait"));
    scope.spawn(wait_for_stop(journal, "late child"));
  }));
  CHECK(journal == Journal{"needs no wait", "late child ended"});
}

TEST_CASE("a task that was never started is dropped with what it holds", "[runtime][scope]") {
  Journal journal;
  { const Task<> unstarted = note(journal, "must not run"); }
  CHECK(journal.empty());
}

namespace {

Task<> parent(Journal& journal) {
  const Finally noted{[&] { journal.push_back("parent ended"); }};
  co_await runtime::all(wait_for_stop(journal, "child"), wait_for_stop(journal, "other child"));
  journal.push_back("parent went on");
}

}  // namespace

TEST_CASE("stopping a parent that joins stops its children first", "[runtime][scope]") {
  TestLoop loop;
  Journal journal;
  loop.run(with_scope([&](Scope& scope) {
    scope.spawn(parent(journal));
    scope.request_stop();
  }));
  CHECK(journal == Journal{"child ended", "other child ended", "parent ended"});
}

namespace {

Task<> slow_to_end(LocalEvent& may_end, Journal& journal) {
  try {
    co_await runtime::sleep_for(std::chrono::hours{1});
  } catch (const std::system_error&) {
    journal.push_back("told");
  }
  co_await may_end.wait_through_stop();
  journal.push_back("ended");
}

Task<> stop_then_allow(Scope& scope, LocalEvent& may_end, Journal& journal) {
  scope.request_stop();
  // Already stopped ourselves: only waits that ignore it work here.
  co_await runtime::shielded(yield());
  journal.push_back("allowed");
  may_end.notify();
}

}  // namespace

TEST_CASE("join waits for a child that takes its time to stop", "[runtime][scope]") {
  TestLoop loop;
  Journal journal;
  LocalEvent may_end{loop.executor()};
  loop.run(with_scope([&](Scope& scope) {
    scope.spawn(slow_to_end(may_end, journal));
    scope.spawn(stop_then_allow(scope, may_end, journal));
  }));
  CHECK(journal == Journal{"told", "allowed", "ended"});
}

namespace {

/// Stops the scope it runs in, then opens a scope of its own: it joins while already stopped.
Task<> join_when_stopped(Scope& outer, Journal& journal) {
  outer.request_stop();
  co_await runtime::all(wait_for_stop(journal, "inner"));
  journal.push_back("went on after a stop");
}

}  // namespace

TEST_CASE("a scope opened by a task already stopped is still joined", "[runtime][scope]") {
  TestLoop loop;
  Journal journal;
  loop.run(with_scope([&](Scope& scope) { scope.spawn(join_when_stopped(scope, journal)); }));
  CHECK(journal == Journal{"inner ended"});
}

namespace {

Task<> stop_outer_from_inside(Scope& outer, Journal& journal) {
  co_await yield();
  outer.request_stop();
  co_await wait_for_stop(journal, "inner");
}

Task<> nested(Scope& outer, Journal& journal) {
  const Finally noted{[&] { journal.push_back("nested ended"); }};
  co_await with_scope([&](Scope& inner) { inner.spawn(stop_outer_from_inside(outer, journal)); });
}

}  // namespace

TEST_CASE("a grandchild may stop its grandparent", "[runtime][scope]") {
  TestLoop loop;
  Journal journal;
  loop.run(with_scope([&](Scope& scope) { scope.spawn(nested(scope, journal)); }));
  CHECK(journal == Journal{"inner ended", "nested ended"});
}

namespace {

Task<> scope_then_wait(Journal& journal) {
  co_await runtime::all(yield(), yield());
  journal.push_back("joined");
  co_await wait_for_stop(journal, "after the scope");
}

Task<> stop_after(Scope& scope, int turns) {
  for (int turn = 0; turn < turns; ++turn) co_await yield();
  scope.request_stop();
}

}  // namespace

TEST_CASE("a task can be stopped after a scope it joined", "[runtime][scope]") {
  TestLoop loop;
  Journal journal;
  loop.run(with_scope([&](Scope& scope) {
    scope.spawn(scope_then_wait(journal));
    scope.spawn(stop_after(scope, 20));
  }));
  CHECK(journal == Journal{"joined", "after the scope ended"});
}

namespace {

Task<> take_turns(int turns) {
  for (int turn = 0; turn < turns; ++turn) co_await yield();
}

Task<> shielded_work(Journal& journal) {
  co_await runtime::shielded(take_turns(20));
  journal.push_back("work done");
  co_await runtime::sleep_for({});
  journal.push_back("went on after a stop");
}

}  // namespace

TEST_CASE("shielded work runs to its end through a stop", "[runtime][scope]") {
  TestLoop loop;
  Journal journal;
  loop.run(with_scope([&](Scope& scope) {
    scope.spawn(shielded_work(journal));
    scope.request_stop();
  }));
  CHECK(journal == Journal{"work done"});
}

TEST_CASE("a stop may come at any moment of a child's life", "[runtime][scope]") {
  // Sweeps the stop over every turn of tasks that end by themselves after a few.
  for (int turns = 0; turns < 12; ++turns) {
    TestLoop loop;
    loop.run(with_scope([&](Scope& scope) {
      scope.spawn(take_turns(3));
      scope.spawn(runtime::all(take_turns(4), runtime::all(take_turns(2), take_turns(5))));
      scope.spawn(stop_after(scope, turns));
    }));
  }
}

namespace {

Task<> count_to(int& counter) {
  co_await yield();
  ++counter;
}

}  // namespace

TEST_CASE("a scope holds many children", "[runtime][scope]") {
  TestLoop loop;
  int counter = 0;
  loop.run(with_scope([&](Scope& scope) {
    for (int i = 0; i < 2000; ++i) scope.spawn(count_to(counter));
  }));
  CHECK(counter == 2000);
}

TEST_CASE("a LocalEvent remembers one notification", "[runtime][scope]") {
  TestLoop loop;
  LocalEvent event{loop.executor()};
  event.notify();
  event.notify();
  loop.run(event.wait());
  bool finished = true;
  loop.run(with_scope([&](Scope& scope) {
    scope.spawn(event.wait());  // nothing left: ends by the stop alone
    scope.spawn(stop_after(scope, 3));
    finished = false;
  }));
  CHECK_FALSE(finished);
}
