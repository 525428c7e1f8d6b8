#include "runtime/file.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <climits>
#include <numeric>
#include <vector>

#include "runtime/error.hpp"
#include "runtime/finally.hpp"
#include "runtime/scope.hpp"
#include "tests/runtime/temporary_directory.hpp"
#include "tests/support/test_loop.hpp"

namespace {

using runtime::File;
using runtime::HostError;
using runtime::Scope;
using runtime::Task;
using runtime::UniqueFd;
using Bytes = std::vector<std::byte>;

Bytes pattern(std::size_t size_bytes, int seed = 1) {
  Bytes bytes(size_bytes);
  for (std::size_t i = 0; i < size_bytes; ++i) {
    bytes[i] = static_cast<std::byte>(static_cast<std::size_t>(seed) + i * 7 + i / 251);
  }
  return bytes;
}

File memory_file(TestLoop& loop) {
  return File{loop.executor(), UniqueFd{::memfd_create("disk", MFD_CLOEXEC)}, "disk"};
}

int error_of(TestLoop& loop, Task<> task) {
  try {
    loop.run(std::move(task));
  } catch (const HostError& error) {
    return error.error_number();
  }
  return 0;
}

template <typename Byte>
std::vector<std::span<Byte>> cut(std::span<Byte> bytes, std::size_t piece_bytes) {
  std::vector<std::span<Byte>> pieces;
  while (!bytes.empty()) {
    pieces.push_back(bytes.first(std::min(piece_bytes, bytes.size())));
    pieces.push_back({});  // empty buffers are legal
    bytes = bytes.subspan(pieces[pieces.size() - 2].size());
  }
  return pieces;
}

}  // namespace

TEST_CASE("what was written is read back", "[runtime][file]") {
  TestLoop loop;
  File file = memory_file(loop);
  const Bytes written = pattern(3'000'000);
  loop.run(file.write_at(12345, written));
  Bytes read(written.size());
  loop.run(file.read_at(12345, read));
  CHECK(read == written);
  CHECK(file.size_bytes() == 12345 + written.size());
}

TEST_CASE("scattered transfers keep their order, beyond what one operation takes",
          "[runtime][file]") {
  TestLoop loop;
  File file = memory_file(loop);
  const Bytes written = pattern(100'000);
  const auto from = cut(std::span{std::as_const(written)}, 33);
  REQUIRE(from.size() / 2 > IOV_MAX);
  loop.run(file.write_at(1, from));
  Bytes read(written.size());
  const auto into = cut(std::span{read}, 101);
  loop.run(file.read_at(1, into));
  CHECK(read == written);
}

TEST_CASE("a large transfer keeps its order, whatever its buffers", "[runtime][file]") {
  TestLoop loop;
  File file = memory_file(loop);
  const Bytes written = pattern(9'000'001);
  const std::size_t piece_bytes = GENERATE(5'000'000u, 1'048'576u, 2'097'152u, 3'000u);
  loop.run(file.write_at(1, cut(std::span{written}, piece_bytes)));
  Bytes read(written.size());
  loop.run(file.read_at(1, cut(std::span{read}, piece_bytes)));
  CHECK(read == written);
}

namespace {

Task<> read_all(File& file, std::span<std::byte> bytes, bool& reading) {
  co_await file.read_at(0, bytes);
  reading = false;
}

Task<> count_turns(const bool& reading, std::size_t& turns) {
  for (; reading; ++turns) co_await runtime::yield();
}

}  // namespace

// What is cached the kernel reads at once, on the Loop's thread.
TEST_CASE("others have their turn while a large transfer goes on", "[runtime][file]") {
  TestLoop loop;
  const TemporaryDirectory directory;
  File file = File::open(loop.executor(), directory.file("disk"), O_RDWR | O_CREAT);
  Bytes bytes(32 << 20);
  loop.run(file.write_at(0, bytes));
  bool reading = true;
  std::size_t turns = 0;
  const auto body = [&](Scope& tasks) {
    tasks.spawn(count_turns(reading, turns));
    tasks.spawn(read_all(file, bytes, reading));
  };
  loop.run(runtime::with_scope(body));
  CHECK(turns >= 16);
}

namespace {

bool can_read_without_wait(const File& file) {
  std::byte byte{};
  const iovec into{&byte, 1};
  return ::preadv2(file.native_handle(), &into, 1, 0, RWF_NOWAIT) >= 0 || errno != EOPNOTSUPP;
}

}  // namespace

TEST_CASE("what the page cache has is read without a wait", "[runtime][file]") {
  TestLoop loop;
  const TemporaryDirectory directory;
  File file = File::open(loop.executor(), directory.file("disk"), O_RDWR | O_CREAT);
  if (!can_read_without_wait(file)) SKIP("this file system cannot but wait");
  const Bytes written = pattern(100'000);
  loop.run(file.write_at(1, written));
  Bytes read(written.size());
  const auto into = cut(std::span{read}, 33);
  REQUIRE(file.read_cached(1, into));
  CHECK(read == written);
  CHECK(file.read_cached(1, {}));

  SECTION("all of it, or nothing is said") {
    CHECK_FALSE(file.read_cached(2, into));  // a byte past the end
    CHECK(file.read_cached(1, into));
  }
  SECTION("what is not there is left to read_at") {
    loop.run(file.flush());
    REQUIRE(::posix_fadvise(file.native_handle(), 0, 0, POSIX_FADV_DONTNEED) == 0);
    std::ranges::fill(read, std::byte{});
    // A kernel that has to say no fetches the pages all the same, and may be quick about it.
    if (!file.read_cached(1, into)) loop.run(file.read_at(1, into));
    CHECK(read == written);
  }
}

TEST_CASE("no cache is asked where there is none", "[runtime][file]") {
  TestLoop loop;
  const TemporaryDirectory directory;
  alignas(4096) static std::array<std::byte, 4096> page;
  const std::array<std::span<std::byte>, 1> into{page};
  SECTION("O_DIRECT") {
    const int descriptor =
        ::open(directory.file("disk").c_str(), O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
    if (descriptor < 0) SKIP("this file system has no O_DIRECT");
    File file{loop.executor(), UniqueFd{descriptor}, "disk"};
    loop.run(file.write_at(0, page));
    CHECK_FALSE(file.read_cached(0, into));
  }
  SECTION("a file system that cannot but wait") {
    File file = File::open(loop.executor(), "/proc/version", O_RDONLY);
    for (int attempt = 0; attempt < 2; ++attempt) CHECK_FALSE(file.read_cached(0, into));
    loop.run(file.read_at(0, std::span{page}.first(5)));
    CHECK(page[4] == std::byte{'x'});
  }
}

TEST_CASE("transfers of nothing succeed", "[runtime][file]") {
  TestLoop loop;
  File file = memory_file(loop);
  loop.run(file.read_at(99, std::span<std::byte>{}));
  const std::vector<std::span<const std::byte>> empties(3);
  loop.run(file.write_at(99, empties));
  CHECK(file.size_bytes() == 0);
}

TEST_CASE("a read past the end fails, also if it begins before it", "[runtime][file]") {
  TestLoop loop;
  File file = memory_file(loop);
  loop.run(file.write_at(0, pattern(1000)));
  Bytes read(600);
  CHECK(error_of(loop, file.read_at(5000, read)) == ENODATA);
  CHECK(error_of(loop, file.read_at(500, read)) == ENODATA);
  loop.run(file.read_at(400, read));
}

TEST_CASE("a write the host cuts short goes on, until the host refuses", "[runtime][file]") {
  TestLoop loop;
  File file = memory_file(loop);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4096, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const runtime::Finally restore{[&] {
    ::setrlimit(RLIMIT_FSIZE, &before);
    ::signal(SIGXFSZ, handler);
  }};
  const Bytes written = pattern(10'000);
  CHECK(error_of(loop, file.write_at(0, written)) == EFBIG);
  CHECK(file.size_bytes() == 4096);  // the first, short, write happened
}

TEST_CASE("host failures say what failed", "[runtime][file]") {
  TestLoop loop;
  const Bytes bytes = pattern(10);
  File full = File::open(loop.executor(), "/dev/full", O_RDWR);
  CHECK(error_of(loop, full.write_at(0, bytes)) == ENOSPC);
  File read_only = File::open(loop.executor(), "/dev/null", O_RDONLY);
  CHECK(error_of(loop, read_only.write_at(0, bytes)) == EBADF);
  CHECK(error_of(loop, read_only.flush()) == EINVAL);
  CHECK(error_of(loop, read_only.punch_hole(0, 1)) == EBADF);
  try {
    (void)File::open(loop.executor(), "/nonexistent", O_RDONLY);
    FAIL("the file exists");
  } catch (const HostError& error) {
    CHECK(std::string{error.what()} == "open '/nonexistent': No such file or directory");
  }
}

TEST_CASE("append adds to the end", "[runtime][file]") {
  TestLoop loop;
  File file = memory_file(loop);
  const Bytes first = pattern(100, 1);
  const Bytes second = pattern(50, 9);
  loop.run(file.append(first));
  loop.run(file.append(second));
  Bytes read(50);
  loop.run(file.read_at(100, read));
  CHECK(read == second);
  CHECK(file.size_bytes() == 150);
}

TEST_CASE("a file on disk is flushed and holes are punched", "[runtime][file]") {
  TestLoop loop;
  const TemporaryDirectory directory;
  File file = File::open(loop.executor(), directory.file("disk"), O_RDWR | O_CREAT);
  const Bytes written = pattern(1 << 20);
  loop.run(file.write_at(0, written));
  loop.run(file.flush());
  struct stat before;
  REQUIRE(::fstat(file.native_handle(), &before) == 0);
  const int error = error_of(loop, file.punch_hole(0, 1 << 19));
  if (error == EOPNOTSUPP) SKIP("this file system cannot punch holes");
  REQUIRE(error == 0);
  loop.run(file.flush());
  struct stat after;
  REQUIRE(::fstat(file.native_handle(), &after) == 0);
  CHECK(after.st_blocks < before.st_blocks);
  CHECK(after.st_size == before.st_size);
  Bytes read(1 << 19);
  loop.run(file.read_at(0, read));
  CHECK(read == Bytes(1 << 19));
  loop.run(file.read_at(1 << 19, read));
  CHECK(std::equal(read.begin(), read.end(), written.begin() + (1 << 19)));
}

TEST_CASE("a zeroed range reads as zeroes", "[runtime][file]") {
  TestLoop loop;
  const TemporaryDirectory directory;
  File file = File::open(loop.executor(), directory.file("disk"), O_RDWR | O_CREAT);
  loop.run(file.write_at(0, pattern(16384)));
  const int error = error_of(loop, file.zero_range(4096, 4096));
  if (error == EOPNOTSUPP) SKIP("this file system cannot zero ranges");
  REQUIRE(error == 0);
  Bytes read(4096);
  loop.run(file.read_at(4096, read));
  CHECK(read == Bytes(4096));
}

namespace {

Task<> write_then_check(File& file, int number) {
  const Bytes written = pattern(20'000, number);
  const auto offset_bytes = static_cast<std::uint64_t>(number) * written.size();
  co_await file.write_at(offset_bytes, written);
  Bytes read(written.size());
  co_await file.read_at(offset_bytes, read);
  CHECK(read == written);
}

Task<> stop_after(Scope& scope, int turns) {
  for (int turn = 0; turn < turns; ++turn) co_await runtime::sleep_for({});
  scope.request_stop();
}

}  // namespace

TEST_CASE("transfers of one file run side by side", "[runtime][file]") {
  TestLoop loop;
  File file = memory_file(loop);
  loop.run(runtime::with_scope([&](Scope& scope) {
    for (int number = 0; number < 300; ++number) scope.spawn(write_then_check(file, number));
  }));
}

TEST_CASE("transfers can be stopped at any moment", "[runtime][file]") {
  const TemporaryDirectory directory;
  for (int turns = 0; turns < 8; ++turns) {
    TestLoop loop;
    File file = File::open(loop.executor(), directory.file("disk"), O_RDWR | O_CREAT);
    loop.run(runtime::with_scope([&](Scope& scope) {
      for (int number = 0; number < 40; ++number) scope.spawn(write_then_check(file, number));
      scope.spawn(file.flush());
      scope.spawn(stop_after(scope, turns));
    }));
    const Bytes bytes = pattern(100);
    loop.run(file.write_at(0, bytes));  // it still works
  }
}
