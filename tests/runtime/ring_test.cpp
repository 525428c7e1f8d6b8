#include "runtime/ring.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "runtime/event.hpp"
#include "runtime/scope.hpp"
#include "runtime/unique_fd.hpp"
#include "tests/support/test_loop.hpp"

namespace {

using runtime::Ring;
using runtime::Scope;
using runtime::Task;
using runtime::UniqueFd;

UniqueFd make_file() {
  return UniqueFd{::memfd_create("file", MFD_CLOEXEC)};
}

Task<> sync_and_count(Ring& ring, int descriptor, int& done) {
  const int result = co_await ring.fdatasync(descriptor);
  REQUIRE(result == 0);
  ++done;
}

Task<> sync(Ring& ring, int descriptor) {
  (void)co_await ring.fdatasync(descriptor);
}

Task<> allocate(Ring& ring, int descriptor) {
  (void)co_await ring.fallocate(descriptor, 0, 0, 64 << 20);
}

Task<> read_often(Ring& ring, int descriptor) {
  std::array<char, 4096> bytes;
  const iovec into{bytes.data(), bytes.size()};
  for (int i = 0; i < 50; ++i) {
    const int result = co_await ring.read(descriptor, std::span{&into, 1}, 0);
    REQUIRE(result == 4096);
  }
}

Task<> stop_after(Scope& scope, int turns) {
  for (int turn = 0; turn < turns; ++turn) co_await runtime::sleep_for({});
  scope.request_stop();
}

}  // namespace

TEST_CASE("ring operations return what the kernel says", "[runtime][ring]") {
  TestLoop loop;
  const UniqueFd file = make_file();
  Ring& ring = Ring::of(loop.executor());
  CHECK(&ring == &Ring::of(loop.executor()));
  CHECK(loop.run(ring.fdatasync(file.get())) == 0);
  CHECK(loop.run(ring.fallocate(file.get(), 0, 0, 8192)) == 0);
  CHECK(::lseek(file.get(), 0, SEEK_END) == 8192);
  CHECK(loop.run(ring.fdatasync(-1)) == -EBADF);
  CHECK(loop.run(ring.fallocate(file.get(), 0x7000'0000, 0, 1)) < 0);
}

TEST_CASE("the ring reads and writes at an offset, one buffer or many", "[runtime][ring]") {
  TestLoop loop;
  const UniqueFd file = make_file();
  Ring& ring = Ring::of(loop.executor());
  std::string text = "abcdefgh";
  const std::array<iovec, 2> halves{iovec{text.data(), 4}, iovec{text.data() + 4, 4}};
  CHECK(loop.run(ring.write(file.get(), halves, 100)) == 8);
  CHECK(loop.run(ring.write(file.get(), std::span{halves}.first(1), 108)) == 4);
  std::string read(12, '-');
  const std::array<iovec, 2> parts{iovec{read.data(), 5}, iovec{read.data() + 5, 7}};
  CHECK(loop.run(ring.read(file.get(), parts, 100)) == 12);
  CHECK(read == "abcdefghabcd");
  CHECK(loop.run(ring.read(file.get(), std::span{parts}.first(1), 107)) == 5);
  CHECK(read.substr(0, 5) == "habcd");
  CHECK(loop.run(ring.read(file.get(), parts, 112)) == 0);
  CHECK(loop.run(ring.read(-1, parts, 0)) == -EBADF);
}

TEST_CASE("a loop ends though its ring was read while something slow went on", "[runtime][ring]") {
  for (int round = 0; round < 50; ++round) {
    runtime::Loop loop;
    const UniqueFd file = make_file();
    Ring& ring = Ring::of(loop.executor());
    loop.run(allocate(ring, file.get()));
    loop.run(runtime::with_scope([&](Scope& scope) {
      scope.spawn(sync(ring, file.get()));
      for (int i = 0; i < round; ++i) scope.spawn(read_often(ring, file.get()));
    }));
  }
}

TEST_CASE("more operations than the ring has entries all finish", "[runtime][ring]") {
  TestLoop loop;
  const UniqueFd file = make_file();
  Ring& ring = Ring::of(loop.executor());
  int done = 0;
  loop.run(runtime::with_scope([&](Scope& scope) {
    for (int i = 0; i < 500; ++i) scope.spawn(sync_and_count(ring, file.get(), done));
  }));
  CHECK(done == 500);
}

TEST_CASE("a stopped operation is waited for", "[runtime][ring]") {
  for (int turns = 0; turns < 6; ++turns) {
    TestLoop loop;
    const UniqueFd file = make_file();
    Ring& ring = Ring::of(loop.executor());
    loop.run(runtime::with_scope([&](Scope& scope) {
      for (int i = 0; i < 20; ++i) scope.spawn(sync(ring, file.get()));
      for (int i = 0; i < 4; ++i) scope.spawn(allocate(ring, file.get()));
      scope.spawn(stop_after(scope, turns));
    }));
    CHECK(loop.run(ring.fdatasync(file.get())) == 0);  // nothing is left over
  }
}

TEST_CASE("an idle ring does not keep its loop alive", "[runtime][ring]") {
  runtime::Loop loop;
  const UniqueFd file = make_file();
  loop.run(sync(Ring::of(loop.executor()), file.get()));
  // run() returned. And the same with a ring never used:
  runtime::Loop unused;
  (void)Ring::of(unused.executor());
  unused.run(runtime::sleep_for({}));
}

TEST_CASE("each loop has a ring of its own", "[runtime][ring]") {
  runtime::Loop first;
  runtime::Loop second;
  CHECK(&Ring::of(first.executor()) != &Ring::of(second.executor()));
}
