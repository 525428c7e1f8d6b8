#include "devices/storage/overlay_disk.hpp"

#include <catch2/catch_test_macros.hpp>

#include "runtime/scope.hpp"
#include "tests/devices/storage/disk_bench.hpp"
#include "tests/support/memory_disk.hpp"

using namespace devices::storage;
using runtime::Scope;
using runtime::Task;

namespace {

constexpr std::uint64_t block = OverlayDisk::block_bytes;

/// The last block is a short one.
constexpr std::size_t size_bytes = 16 * block + 1536;

struct Bench {
  Bench() {
    auto lower = std::make_unique<MemoryDisk>(size_bytes);
    auto upper = std::make_unique<MemoryDisk>(size_bytes);
    lower->bytes = image;
    lower->mode = Access::ReadOnly;
    upper->bytes = pattern(size_bytes, 99);  // must never be seen
    base = lower.get();
    top = upper.get();
    disk.emplace(loop.executor(), std::move(lower), std::move(upper));
  }

  TestLoop loop;
  Bytes image = pattern(size_bytes);
  MemoryDisk* base = nullptr;
  MemoryDisk* top = nullptr;
  std::optional<OverlayDisk> disk;
};

/// What can be read there without a wait.
std::optional<Bytes> cached(Disk& disk, std::uint64_t offset_bytes, std::size_t size) {
  Bytes bytes(size);
  const std::array<std::span<std::byte>, 1> into{bytes};
  return disk.read_cached(offset_bytes, into) ? std::optional{bytes} : std::nullopt;
}

Task<> write_sectors(Disk& disk, Bytes& expected) {
  co_await runtime::with_scope([&](Scope& scope) {
    // Eight writers to each block at once, every other sector of it by two requests' worth.
    for (std::uint64_t at = 0; at < expected.size(); at += sector_bytes) {
      const Bytes bytes = pattern(sector_bytes, static_cast<std::uint32_t>(at));
      std::ranges::copy(bytes, expected.begin() + static_cast<std::ptrdiff_t>(at));
      scope.spawn(write_bytes(disk, at, bytes));
    }
  });
}

}  // namespace

TEST_CASE("overlay: reads as its base until written, and then as written", "[devices][storage]") {
  Bench bench;
  CHECK(bench.disk->access() == Access::ReadWrite);
  CHECK(bench.disk->size_bytes() == size_bytes);
  CHECK(bench.loop.run(read_bytes(*bench.disk, 0, size_bytes)) == bench.image);
  CHECK(bench.loop.run(count_differences(*bench.disk, bench.image, 1000, 3)) == 0);
  CHECK(bench.base->bytes == bench.image);
  CHECK(bench.base->writes + bench.base->flushes == 0);
}

TEST_CASE("overlay: reads without a wait what all lies in one of its two", "[devices][storage]") {
  Bench bench;
  CHECK_FALSE(cached(*bench.disk, 0, block));
  bench.base->cached = true;
  const Bytes written = pattern(block, 7);
  bench.loop.run(write_bytes(*bench.disk, block, written));
  CHECK(cached(*bench.disk, 0, block) == Bytes(bench.image.begin(), bench.image.begin() + block));
  CHECK(cached(*bench.disk, 0, 0) == Bytes{});
  CHECK_FALSE(cached(*bench.disk, block, block));
  bench.top->cached = true;
  CHECK(cached(*bench.disk, block, block) == written);
  CHECK_FALSE(cached(*bench.disk, 0, 2 * block));
}

TEST_CASE("overlay: writers of one block at the same time lose nothing", "[devices][storage]") {
  Bench bench;
  Bytes expected = bench.image;
  bench.loop.run(write_sectors(*bench.disk, expected));
  CHECK(bench.loop.run(read_bytes(*bench.disk, 0, size_bytes)) == expected);
  CHECK(bench.base->reads <= 17 + 1);  // each block was copied once
}

TEST_CASE("overlay: a write of whole blocks copies nothing", "[devices][storage]") {
  Bench bench;
  bench.loop.run(write_bytes(*bench.disk, block, pattern(2 * block)));
  bench.loop.run(write_bytes(*bench.disk, 15 * block, pattern(block + 1536)));  // to the end
  CHECK(bench.base->reads == 0);
  CHECK(bench.top->writes == 2);
}

TEST_CASE("overlay: discard frees whole written blocks only", "[devices][storage]") {
  Bench bench;
  bench.loop.run(write_bytes(*bench.disk, 2 * block, pattern(2 * block)));
  bench.loop.run(write_bytes(*bench.disk, 6 * block, pattern(block)));
  bench.loop.run(bench.disk->discard(512, 6 * block + 512));
  CHECK(bench.top->discarded == std::vector<MemoryDisk::Range>{{2 * block, 2 * block}});
  CHECK(bench.loop.run(read_bytes(*bench.disk, 0, block)) ==
        Bytes(bench.image.begin(), bench.image.begin() + block));
}

TEST_CASE("overlay: a write that failed leaves what was there", "[devices][storage]") {
  Bench bench;
  SECTION("the top has no space") {
    bench.top->write_error = ENOSPC;
  }
  SECTION("the base cannot be read") {
    bench.base->read_error = EIO;
  }
  const int expected = bench.top->write_error != 0 ? ENOSPC : EIO;
  CHECK(error_of(bench.loop, write_bytes(*bench.disk, 512, pattern(1024))) == expected);
  bench.top->write_error = bench.base->read_error = 0;
  CHECK(bench.loop.run(read_bytes(*bench.disk, 0, size_bytes)) == bench.image);
  // And nobody holds the block any more.
  bench.loop.run(write_bytes(*bench.disk, 512, pattern(1024)));
}

TEST_CASE("overlay: requests of nothing do nothing", "[devices][storage]") {
  Bench bench;
  bench.loop.run(write_bytes(*bench.disk, size_bytes, {}));
  bench.loop.run(bench.disk->write_zeroes(size_bytes, 0, Unmap::Allowed));
  bench.loop.run(bench.disk->discard(size_bytes, 0));
  CHECK(bench.loop.run(read_bytes(*bench.disk, size_bytes, 0)).empty());
  bench.loop.run(bench.disk->flush());
}
