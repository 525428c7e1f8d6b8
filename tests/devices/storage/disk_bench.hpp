// What tests do with a Disk, in words of one line.
#pragma once

#include <random>
#include <vector>

#include "devices/storage/disk.hpp"
#include "runtime/error.hpp"
#include "tests/support/test_loop.hpp"

using Bytes = std::vector<std::byte>;

inline Bytes pattern(std::size_t size_bytes, std::uint32_t seed = 1) {
  std::minstd_rand random{seed};
  Bytes bytes(size_bytes);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() >> 8);
  return bytes;
}

/// In pieces of this size, with empty ones between.
template <typename Byte>
std::vector<std::span<Byte>> in_pieces(std::span<Byte> bytes, std::size_t piece_bytes) {
  std::vector<std::span<Byte>> pieces;
  while (!bytes.empty()) {
    const std::size_t size_bytes = std::min(piece_bytes, bytes.size());
    pieces.push_back(bytes.first(size_bytes));
    pieces.push_back({});
    bytes = bytes.subspan(size_bytes);
  }
  return pieces;
}

inline runtime::Task<> write_bytes(devices::storage::Disk& disk, std::uint64_t offset_bytes,
                                   Bytes bytes, std::size_t piece_bytes = 512) {
  const auto pieces = in_pieces(std::span<const std::byte>{bytes}, piece_bytes);
  co_await disk.write_at(offset_bytes, pieces);
}

inline runtime::Task<Bytes> read_bytes(devices::storage::Disk& disk, std::uint64_t offset_bytes,
                                       std::size_t size_bytes, std::size_t piece_bytes = 512) {
  Bytes bytes(size_bytes);
  const auto pieces = in_pieces(std::span{bytes}, piece_bytes);
  co_await disk.read_at(offset_bytes, pieces);
  co_return bytes;
}

inline runtime::Task<> only_read(devices::storage::Disk& disk, std::uint64_t offset_bytes,
                                 std::size_t size_bytes) {
  (void)co_await read_bytes(disk, offset_bytes, size_bytes);
}

/// The errno the task fails with; 0 if it does not.
inline int error_of(TestLoop& loop, runtime::Task<> task) {
  try {
    loop.run(std::move(task));
  } catch (const runtime::HostError& error) {
    return error.error_number();
  }
  return 0;
}

/// Random requests, one after another, and what the disk is to hold after each of them.
inline runtime::Task<int> count_differences(devices::storage::Disk& disk, Bytes expected, int steps,
                                            std::uint32_t seed) {
  constexpr std::uint64_t sector = devices::storage::sector_bytes;
  std::minstd_rand random{seed};
  int differences = 0;
  for (int step = 0; step < steps; ++step) {
    const std::uint64_t sectors = expected.size() / sector;
    const std::uint64_t first = random() % sectors;
    const std::uint64_t count = 1 + random() % std::min<std::uint64_t>(sectors - first, 24);
    const auto begin = expected.begin() + static_cast<std::ptrdiff_t>(first * sector);
    const auto end = begin + static_cast<std::ptrdiff_t>(count * sector);
    const std::size_t piece_bytes = 1 + random() % 5000;
    switch (random() % 4) {
      case 0: {
        const Bytes bytes = pattern(count * sector, static_cast<std::uint32_t>(step));
        std::ranges::copy(bytes, begin);
        co_await write_bytes(disk, first * sector, bytes, piece_bytes);
        break;
      }
      case 1:
        std::fill(begin, end, std::byte{0});
        co_await disk.write_zeroes(first * sector, count * sector,
                                   devices::storage::Unmap::Allowed);
        break;
      default: {
        const Bytes read = co_await read_bytes(disk, first * sector, count * sector, piece_bytes);
        if (!std::equal(begin, end, read.begin())) ++differences;
        break;
      }
    }
  }
  const Bytes all = co_await read_bytes(disk, 0, expected.size(), 4096);
  co_return differences + (all == expected ? 0 : 1);
}
