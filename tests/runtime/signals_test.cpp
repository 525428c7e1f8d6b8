#include "runtime/signals.hpp"

#include <pthread.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <set>

#include "runtime/scope.hpp"
#include "tests/support/test_loop.hpp"

namespace {

using runtime::Scope;
using runtime::Signals;
using runtime::Task;

bool is_blocked(int number) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, number) == 1;
}

Task<> expect(Signals& signals, std::set<int> numbers) {
  while (!numbers.empty()) {
    const int number = co_await signals.next();
    REQUIRE(numbers.erase(number) == 1);
  }
}

Task<> wait_for_any(Signals& signals) {
  (void)co_await signals.next();
}

Task<> send_to_ourselves(int number) {
  co_await runtime::sleep_for({});
  ::kill(::getpid(), number);
}

}  // namespace

TEST_CASE("signals sent before and during the wait arrive", "[runtime][signals]") {
  TestLoop loop;
  Signals signals{loop.executor(), {SIGUSR1, SIGUSR2, SIGWINCH}};
  ::kill(::getpid(), SIGUSR1);
  ::kill(::getpid(), SIGUSR1);  // coalesces
  loop.run(runtime::all(expect(signals, {SIGUSR1, SIGUSR2, SIGWINCH}), send_to_ourselves(SIGUSR2),
                        send_to_ourselves(SIGWINCH)));
}

TEST_CASE("waiting for signals can be stopped", "[runtime][signals]") {
  TestLoop loop;
  Signals signals{loop.executor(), {SIGUSR1}};
  loop.run(runtime::with_scope([&](Scope& scope) {
    scope.spawn(wait_for_any(signals));
    scope.request_stop();
  }));
  ::kill(::getpid(), SIGUSR1);
  CHECK(loop.run(signals.next()) == SIGUSR1);
}

TEST_CASE("the signal mask is put back", "[runtime][signals]") {
  TestLoop loop;
  REQUIRE_FALSE(is_blocked(SIGUSR2));
  {
    const Signals signals{loop.executor(), {SIGUSR2}};
    CHECK(is_blocked(SIGUSR2));
  }
  CHECK_FALSE(is_blocked(SIGUSR2));
}
