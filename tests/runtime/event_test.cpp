#include "runtime/event.hpp"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <thread>
#include <vector>

#include "runtime/scope.hpp"
#include "tests/support/test_loop.hpp"

namespace {

using runtime::Event;
using runtime::Scope;
using runtime::Task;

bool is_readable(int descriptor) {
  pollfd poll{descriptor, POLLIN, 0};
  return ::poll(&poll, 1, 0) == 1;
}

void write_like_kvm(const Event& event) {
  const std::uint64_t one = 1;
  REQUIRE(::write(event.native_handle(), &one, sizeof(one)) == sizeof(one));
}

}  // namespace

TEST_CASE("an event notified before the wait ends it", "[runtime][event]") {
  TestLoop loop;
  Event event{loop.executor()};
  event.notify();
  loop.run(event.wait());
  CHECK_FALSE(is_readable(event.native_handle()));
}

TEST_CASE("notifications coalesce into one write", "[runtime][event]") {
  TestLoop loop;
  Event event{loop.executor()};
  for (int i = 0; i < 5; ++i) event.notify();
  std::uint64_t count = 0;
  REQUIRE(::read(event.native_handle(), &count, sizeof(count)) == sizeof(count));
  CHECK(count == 1);  // four notifications cost no system call
}

TEST_CASE("an event can be notified again once it was consumed", "[runtime][event]") {
  TestLoop loop;
  Event event{loop.executor()};
  for (int round = 0; round < 3; ++round) {
    event.notify();
    loop.run(event.wait());
  }
}

TEST_CASE("a write to the descriptor notifies, as KVM does it", "[runtime][event]") {
  TestLoop loop;
  Event event{loop.executor()};
  write_like_kvm(event);
  loop.run(event.wait());
  event.notify();
  write_like_kvm(event);
  loop.run(event.wait());
  CHECK_FALSE(is_readable(event.native_handle()));
}

namespace {

Task<> take_turns(int turns) {
  for (int turn = 0; turn < turns; ++turn) co_await runtime::sleep_for({});
}

Task<> notify_and_stop(Event& event, Scope& scope, int turns) {
  co_await take_turns(turns);
  event.notify();
  scope.request_stop();
}

Task<> wait_once(Event& event, int& woken) {
  co_await event.wait();
  ++woken;
}

}  // namespace

TEST_CASE("a notification that meets a stop is not lost", "[runtime][event]") {
  for (int turns = 0; turns < 4; ++turns) {
    TestLoop loop;
    Event event{loop.executor()};
    int woken = 0;
    loop.run(runtime::with_scope([&](Scope& scope) {
      scope.spawn(wait_once(event, woken));
      scope.spawn(notify_and_stop(event, scope, turns));
    }));
    // Either this wait saw it, or the next one does; and the event works on.
    if (woken == 0) loop.run(event.wait());
    event.notify();
    loop.run(event.wait());
  }
}

TEST_CASE("a stopped wait leaves the event usable", "[runtime][event]") {
  TestLoop loop;
  Event event{loop.executor()};
  loop.run(runtime::with_scope([&](Scope& scope) {
    scope.spawn(event.wait());
    scope.request_stop();
  }));
  event.notify();
  loop.run(event.wait());
}

namespace {

/// A guest that rings its doorbell without end.
Task<> wait_greedily(Event& event) {
  for (;;) {
    event.notify();
    co_await event.wait();
  }
}

Task<> stop_soon(Scope& scope) {
  co_await take_turns(5);
  scope.request_stop();
}

}  // namespace

TEST_CASE("an event that is always notified starves nobody", "[runtime][event]") {
  TestLoop loop;
  Event event{loop.executor()};
  loop.run(runtime::with_scope([&](Scope& scope) {
    scope.spawn(wait_greedily(event));
    scope.spawn(stop_soon(scope));
  }));
}

namespace {

Task<> consume(Event& event, const std::atomic<int>& produced, int expected) {
  while (produced.load(std::memory_order_relaxed) < expected) co_await event.wait();
}

}  // namespace

TEST_CASE("no wake-up is lost between threads", "[runtime][event][threads]") {
  constexpr int threads = 4;
  constexpr int rings = 5000;
  TestLoop loop;
  Event event{loop.executor()};
  std::atomic<int> produced{0};
  std::vector<std::thread> producers;
  for (int i = 0; i < threads; ++i) {
    producers.emplace_back([&] {
      for (int ring = 0; ring < rings; ++ring) {
        // Relaxed on purpose: notify() and wait() must order it.
        produced.fetch_add(1, std::memory_order_relaxed);
        event.notify();
      }
    });
  }
  loop.run(consume(event, produced, threads * rings));
  for (auto& producer : producers) producer.join();
  CHECK(produced == threads * rings);
}

namespace {

/// One letter at a time, from a thread to a task.
struct Mailbox {
  explicit Mailbox(runtime::Executor executor) : filled{executor} {}
  int letter = 0;
  std::atomic<bool> full{false};
  Event filled;
};

constexpr int last = 0;

Task<> receive(Mailbox& mailbox, long& sum) {
  for (int letter = -1; letter != last; sum += letter) {
    while (!mailbox.full.load(std::memory_order_acquire)) co_await mailbox.filled.wait();
    letter = mailbox.letter;
    mailbox.full.store(false, std::memory_order_release);
  }
}

void send(Mailbox& mailbox, int letter) {
  while (mailbox.full.load(std::memory_order_acquire)) std::this_thread::yield();
  mailbox.letter = letter;
  mailbox.full.store(true, std::memory_order_release);
  mailbox.filled.notify();
}

}  // namespace

TEST_CASE("a thread and a task keep in step through an event", "[runtime][event][threads]") {
  TestLoop loop;
  Mailbox mailbox{loop.executor()};
  long sent = 0;
  std::thread sender{[&] {
    // Each costs two changes of thread, which a busy machine may take long over.
    const auto enough = std::chrono::steady_clock::now() + std::chrono::seconds{1};
    while (sent < 2000 && std::chrono::steady_clock::now() < enough)
      send(mailbox, static_cast<int>(++sent));
    send(mailbox, last);
  }};
  long sum = 0;
  loop.run(receive(mailbox, sum));
  sender.join();
  CHECK(sum == sent * (sent + 1) / 2);
}
