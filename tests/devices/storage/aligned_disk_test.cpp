#include "devices/storage/aligned_disk.hpp"

#include <catch2/catch_test_macros.hpp>

#include "runtime/scope.hpp"
#include "tests/devices/storage/disk_bench.hpp"
#include "tests/support/memory_disk.hpp"

using namespace devices::storage;
using runtime::Scope;
using runtime::Task;

namespace {

constexpr std::size_t size_bytes = 1 << 20;

struct Bench {
  explicit Bench(std::uint64_t alignment) {
    auto strict = std::make_unique<MemoryDisk>(size_bytes);
    strict->bytes = image;
    strict->alignment = alignment;
    below = strict.get();
    disk.emplace(loop.executor(), std::move(strict), Alignment{alignment, alignment});
  }

  TestLoop loop;
  Bytes image = pattern(size_bytes);
  MemoryDisk* below = nullptr;
  std::optional<AlignedDisk> disk;
};

Task<> write_sectors(Disk& disk, Bytes& expected) {
  co_await runtime::with_scope([&](Scope& scope) {
    for (std::uint64_t at = 0; at < 16 * 4096; at += sector_bytes) {
      const Bytes bytes = pattern(sector_bytes, static_cast<std::uint32_t>(at));
      std::ranges::copy(bytes, expected.begin() + static_cast<std::ptrdiff_t>(at));
      scope.spawn(write_bytes(disk, at, bytes));
    }
  });
}

}  // namespace

TEST_CASE("aligned disk: what is below sees aligned requests only", "[devices][storage]") {
  for (const std::uint64_t alignment : {512, 4096}) {
    Bench bench{alignment};
    CHECK(bench.disk->size_bytes() == size_bytes);
    CHECK(bench.loop.run(count_differences(*bench.disk, bench.image, 1000, 4)) == 0);
    bench.loop.run(bench.disk->discard(512, 16384));
    bench.loop.run(bench.disk->discard(512, 512));
  }
}

TEST_CASE("aligned disk: large requests go through little memory", "[devices][storage]") {
  Bench bench{4096};
  const Bytes bytes = pattern(size_bytes - 1024, 7);
  bench.loop.run(write_bytes(*bench.disk, 512, bytes, 100'000));
  CHECK(bench.below->writes > 3);
  CHECK(bench.loop.run(read_bytes(*bench.disk, 512, bytes.size(), 77'777)) == bytes);
}

TEST_CASE("aligned disk: aligned requests pass as they are", "[devices][storage]") {
  Bench bench{4096};
  alignas(4096) static std::array<std::byte, 8192> buffer{};
  const std::array<std::span<std::byte>, 1> into{buffer};
  const std::array<std::span<const std::byte>, 1> from{buffer};
  bench.loop.run(bench.disk->read_at(4096, into));
  CHECK(std::equal(buffer.begin(), buffer.end(), bench.image.begin() + 4096));
  bench.loop.run(bench.disk->write_at(0, from));
  CHECK(bench.below->reads == 1);
  CHECK(bench.below->writes == 1);
}

TEST_CASE("aligned disk: writers of one block at the same time lose nothing",
          "[devices][storage]") {
  Bench bench{4096};
  Bytes expected = bench.image;
  bench.loop.run(write_sectors(*bench.disk, expected));
  CHECK(bench.below->bytes == expected);
}

TEST_CASE("aligned disk: errors come through", "[devices][storage]") {
  Bench bench{4096};
  bench.below->read_error = EIO;
  CHECK(error_of(bench.loop, write_bytes(*bench.disk, 512, pattern(512))) == EIO);
  CHECK(error_of(bench.loop, only_read(*bench.disk, 512, 512)) == EIO);
  bench.below->read_error = 0;
  bench.below->write_error = ENOSPC;
  CHECK(error_of(bench.loop, bench.disk->write_zeroes(512, 16384, Unmap::Allowed)) == ENOSPC);
  bench.below->flush_error = EIO;
  CHECK(error_of(bench.loop, bench.disk->flush()) == EIO);
  CHECK(bench.below->bytes == bench.image);
}
