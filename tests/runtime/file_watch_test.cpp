#include "runtime/file_watch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "runtime/scope.hpp"
#include "runtime/timer.hpp"
#include "runtime/unique_fd.hpp"
#include "tests/runtime/temporary_directory.hpp"
#include "tests/support/test_loop.hpp"

using namespace std::chrono_literals;
using runtime::Task;

namespace {

struct Bench {
  TestLoop loop;
  TemporaryDirectory directory;
  runtime::UniqueFd file{::open(directory.file("watched").c_str(), O_RDWR | O_CREAT, 0600)};
  runtime::FileWatch watch{loop.executor(), file.get()};
};

Task<> sees_changes(Bench& bench) {
  REQUIRE(::ftruncate(bench.file.get(), 100) == 0);
  co_await bench.watch.changed();
  REQUIRE(::write(bench.file.get(), "x", 1) == 1);
  REQUIRE(::write(bench.file.get(), "y", 1) == 1);
  co_await bench.watch.changed();
  // Both were one.
  const bool again = co_await runtime::with_deadline(20ms, bench.watch.changed());
  CHECK_FALSE(again);
}

Task<> changes_while_waited_for(Bench& bench) {
  co_await runtime::yield();
  const std::string name = bench.directory.file("watched");
  CHECK(::truncate(name.c_str(), 7) == 0);
}

}  // namespace

TEST_CASE("file watch: tells of writes and of a new size, many as one", "[runtime][file]") {
  Bench bench;
  bench.loop.run(sees_changes(bench));
}

TEST_CASE("file watch: ends a wait, whoever changes the file", "[runtime][file]") {
  Bench bench;
  bench.loop.run(runtime::all(bench.watch.changed(), changes_while_waited_for(bench)));
}
