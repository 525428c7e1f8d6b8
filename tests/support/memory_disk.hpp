// A Disk in memory that remembers what was asked of it, and fails on demand.
#pragma once

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <vector>

#include "devices/storage/disk.hpp"
#include "runtime/error.hpp"
#include "runtime/timer.hpp"

class MemoryDisk final : public devices::storage::Disk {
 public:
  struct Range {
    std::uint64_t offset_bytes;
    std::uint64_t size_bytes;
    friend bool operator==(const Range&, const Range&) = default;
  };

  explicit MemoryDisk(std::size_t size_bytes) : bytes(size_bytes) {}

  [[nodiscard]] devices::storage::Access access() const override { return mode; }
  [[nodiscard]] bool can_discard() const override { return discards; }
  [[nodiscard]] std::uint64_t size_bytes() const override { return bytes.size(); }

  runtime::Task<> changed() override {
    if (watch_error != 0) throw runtime::HostError{watch_error, "watch a disk"};
    const std::size_t before = bytes.size();
    while (bytes.size() == before) co_await runtime::yield();
  }

  [[nodiscard]] bool read_cached(std::uint64_t offset_bytes,
                                 std::span<const std::span<std::byte>> into) override {
    if (!cached) return false;
    ++cached_reads;
    for (const auto part : into) {
      const auto from = place(offset_bytes, part.size());
      if (!part.empty()) std::memcpy(part.data(), from.data(), part.size());
      offset_bytes += part.size();
    }
    return true;
  }
  runtime::Task<> read_at(std::uint64_t offset_bytes,
                          std::span<const std::span<std::byte>> into) override {
    ++reads;
    co_await begin(read_error);
    for (const auto part : into) {
      const auto from = place(offset_bytes, part.size());
      check_alignment(offset_bytes, part.data(), part.size());
      if (!part.empty()) std::memcpy(part.data(), from.data(), part.size());
      offset_bytes += part.size();
    }
  }
  runtime::Task<> write_at(std::uint64_t offset_bytes,
                           std::span<const std::span<const std::byte>> from) override {
    ++writes;
    co_await begin(write_error);
    for (const auto part : from) {
      const auto into = place(offset_bytes, part.size());
      check_alignment(offset_bytes, part.data(), part.size());
      if (!part.empty()) std::memcpy(into.data(), part.data(), part.size());
      offset_bytes += part.size();
    }
  }
  runtime::Task<> flush() override {
    ++flushes;
    co_await begin(flush_error);
  }
  runtime::Task<> discard(std::uint64_t offset_bytes, std::uint64_t size_bytes) override {
    discarded.push_back({offset_bytes, size_bytes});
    co_await begin(discard_error);
    check_alignment(offset_bytes, nullptr, size_bytes);
    // Anything may be there now.
    std::ranges::fill(place(offset_bytes, size_bytes), std::byte{0xDD});
  }
  runtime::Task<> write_zeroes(std::uint64_t offset_bytes, std::uint64_t size_bytes,
                               devices::storage::Unmap unmap) override {
    (unmap == devices::storage::Unmap::Allowed ? unmapped : zeroed)
        .push_back({offset_bytes, size_bytes});
    co_await begin(write_error);
    check_alignment(offset_bytes, nullptr, size_bytes);
    std::ranges::fill(place(offset_bytes, size_bytes), std::byte{0});
  }

  std::vector<std::byte> bytes;
  devices::storage::Access mode = devices::storage::Access::ReadWrite;
  bool discards = true;
  std::uint64_t alignment = 1;  ///< What is not aligned to it gets EINVAL.
  bool held = false;            ///< Requests wait until this is false.
  bool cached = false;          ///< Reads need no waiting.

  int watch_error = 0, read_error = 0, write_error = 0, flush_error = 0,
      discard_error = 0;  ///< An errno to fail with.

  int reads = 0, cached_reads = 0, writes = 0, flushes = 0;
  int beyond = 0;  ///< Requests for more than there is.
  std::vector<Range> discarded, zeroed, unmapped;

 private:
  /// As with a file, other tasks get their turn.
  runtime::Task<> begin(const int& error) {
    co_await runtime::yield();
    while (held) co_await runtime::yield();
    if (error != 0) throw runtime::HostError{error, "use a disk that was told to fail"};
  }
  /// Devices check against the disk's size: beyond it there is nothing.
  std::span<std::byte> place(std::uint64_t offset_bytes, std::uint64_t size_bytes) {
    if (offset_bytes > bytes.size() || size_bytes > bytes.size() - offset_bytes) {
      ++beyond;
      throw runtime::HostError{ENODATA, "use byte {} of a disk", offset_bytes};
    }
    return std::span{bytes}.subspan(offset_bytes, size_bytes);
  }
  void check_alignment(std::uint64_t offset_bytes, const void* buffer, std::uint64_t size_bytes) {
    const auto address = std::bit_cast<std::uintptr_t>(buffer);
    if ((offset_bytes | size_bytes | address) % alignment == 0) return;
    throw runtime::HostError{EINVAL, "use a disk at {:#x}, {} bytes", offset_bytes, size_bytes};
  }
};
