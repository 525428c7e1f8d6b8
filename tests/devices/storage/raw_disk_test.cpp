#include "devices/storage/raw_disk.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "tests/devices/storage/disk_bench.hpp"
#include "tests/support/temporary_file.hpp"

using namespace devices::storage;
using runtime::File;

namespace {

constexpr std::size_t size_bytes = 1 << 20;

/// tmpfs punches holes, but cannot zero ranges.
File in_memory(TestLoop& loop, const Bytes& bytes) {
  runtime::UniqueFd file{::memfd_create("disk", MFD_CLOEXEC)};
  REQUIRE(::write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  return File{loop.executor(), std::move(file), "disk"};
}

std::uint64_t allocated_bytes(int file) {
  struct stat status {};
  REQUIRE(::fstat(file, &status) == 0);
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

}  // namespace

TEST_CASE("raw disk: holds what it is told, as a model does", "[devices][storage]") {
  TestLoop loop;
  const Bytes bytes = pattern(size_bytes);
  SECTION("in memory") {
    RawDisk disk{in_memory(loop, bytes), Access::ReadWrite, Discard::Frees};
    CHECK(loop.run(count_differences(disk, bytes, 300, 1)) == 0);
  }
  SECTION("in a file system") {
    const TemporaryFile file{bytes};
    RawDisk disk{File::open(loop.executor(), file.path(), O_RDWR), Access::ReadWrite,
                 Discard::Ignored};
    CHECK(loop.run(count_differences(disk, bytes, 300, 2)) == 0);
    loop.run(disk.flush());
  }
}

TEST_CASE("raw disk: discard frees the file's blocks, if it is to", "[devices][storage]") {
  TestLoop loop;
  File file = in_memory(loop, pattern(size_bytes));
  const int descriptor = file.native_handle();
  const std::uint64_t before_bytes = allocated_bytes(descriptor);
  SECTION("it is") {
    RawDisk disk{std::move(file), Access::ReadWrite, Discard::Frees};
    CHECK(disk.can_discard());
    loop.run(disk.discard(0, size_bytes / 2));
    CHECK(allocated_bytes(descriptor) < before_bytes);
    loop.run(disk.write_zeroes(0, size_bytes, Unmap::Allowed));
    CHECK(allocated_bytes(descriptor) == 0);
    CHECK(disk.size_bytes() == size_bytes);
  }
  SECTION("it is not") {
    RawDisk disk{std::move(file), Access::ReadWrite, Discard::Ignored};
    CHECK_FALSE(disk.can_discard());
    loop.run(disk.discard(0, size_bytes / 2));
    loop.run(disk.write_zeroes(0, size_bytes, Unmap::Allowed));
    CHECK(allocated_bytes(descriptor) == before_bytes);
    CHECK(loop.run(read_bytes(disk, 0, size_bytes)) == Bytes(size_bytes));
  }
}

TEST_CASE("raw disk: zeroes are written where the file system cannot make them",
          "[devices][storage]") {
  TestLoop loop;
  const Bytes bytes = pattern(size_bytes);
  RawDisk disk{in_memory(loop, bytes), Access::ReadWrite, Discard::Frees};
  loop.run(disk.write_zeroes(512, size_bytes - 1024, Unmap::Forbidden));
  const Bytes read = loop.run(read_bytes(disk, 0, size_bytes));
  CHECK(std::equal(read.begin(), read.begin() + 512, bytes.begin()));
  CHECK(std::equal(read.end() - 512, read.end(), bytes.end() - 512));
  CHECK(Bytes(read.begin() + 512, read.end() - 512) == Bytes(size_bytes - 1024));
}

TEST_CASE("raw disk: its size is the file's, now", "[devices][storage]") {
  TestLoop loop;
  File file = in_memory(loop, pattern(size_bytes));
  const int descriptor = file.native_handle();
  RawDisk disk{std::move(file), Access::ReadWrite, Discard::Ignored};
  REQUIRE(::ftruncate(descriptor, 2 * size_bytes) == 0);
  CHECK(disk.size_bytes() == 2 * size_bytes);
  CHECK(loop.run(read_bytes(disk, size_bytes, 512)) == Bytes(512));
}

TEST_CASE("raw disk: what the host refuses is an error, not an end", "[devices][storage]") {
  TestLoop loop;
  SECTION("an image somebody has shortened") {
    File file = in_memory(loop, pattern(size_bytes));
    REQUIRE(::ftruncate(file.native_handle(), 4096) == 0);
    RawDisk disk{std::move(file), Access::ReadWrite, Discard::Ignored};
    CHECK(error_of(loop, only_read(disk, 0, 8192)) == ENODATA);
    CHECK(error_of(loop, only_read(disk, 0, 4096)) == 0);
  }
  SECTION("no space left") {
    RawDisk disk{File::open(loop.executor(), "/dev/full", O_RDWR), Access::ReadWrite,
                 Discard::Frees};
    CHECK(error_of(loop, write_bytes(disk, 0, pattern(512))) == ENOSPC);
  }
  SECTION("a file that is only read") {
    const TemporaryFile file{pattern(4096)};
    RawDisk disk{File::open(loop.executor(), file.path(), O_RDONLY), Access::ReadOnly,
                 Discard::Frees};
    CHECK(error_of(loop, write_bytes(disk, 0, pattern(512))) == EBADF);
    CHECK(error_of(loop, disk.discard(0, 4096)) == EBADF);
    CHECK(error_of(loop, disk.write_zeroes(0, 4096, Unmap::Forbidden)) == EBADF);
  }
}
