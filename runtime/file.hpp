// File: positioned I/O on a regular file or block device. A transfer is whole or a HostError.
//
// Transfers of one File run side by side, as many as are asked for. Buffers must stay alive
// until the call returns; a stopped task does not return before the kernel is done with them.
//
// Threads: all calls on the Loop's thread, except the constructors.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "runtime/ring.hpp"
#include "runtime/task.hpp"
#include "runtime/unique_fd.hpp"

namespace runtime {

class File {
 public:
  /// open(2) with O_CLOEXEC added. Throws HostError.
  [[nodiscard]] static File open(Executor executor, const std::string& path, int flags,
                                 mode_t mode = 0644);
  /// `name` appears in errors.
  File(Executor executor, UniqueFd descriptor, std::string name);
  /// Moving and destroying: not while a transfer is in flight.
  File(File&&) noexcept = default;
  File& operator=(File&&) noexcept = default;
  ~File() = default;

  [[nodiscard]] int native_handle() const noexcept { return descriptor_.get(); }
  /// The size now, of a block device too. Throws HostError. Blocks briefly.
  [[nodiscard]] std::uint64_t size_bytes() const;

  /// Reads what the page cache has, without a wait: whether that was all. If not, the buffers hold
  /// anything. Whatever is wrong, read_at() will say so. Never of a file opened with O_DIRECT.
  [[nodiscard]] bool read_cached(std::uint64_t offset_bytes,
                                 std::span<const std::span<std::byte>> into);

  // All of these throw HostError when the host refuses; a read past the end is one (ENODATA). What
  // is large is moved in several operations: others on the Loop have their turn between them.

  Task<> read_at(std::uint64_t offset_bytes, std::span<std::byte> into);
  Task<> write_at(std::uint64_t offset_bytes, std::span<const std::byte> from);
  /// Scattered: fills, or writes, the buffers in order. The inner spans may be of any number and
  /// of any size; the list itself must stay alive too.
  Task<> read_at(std::uint64_t offset_bytes, std::span<const std::span<std::byte>> into);
  Task<> write_at(std::uint64_t offset_bytes, std::span<const std::span<const std::byte>> from);
  /// Writes after the current end. One at a time; concurrent appends may overwrite one another
  /// unless the file was opened with O_APPEND.
  Task<> append(std::span<const std::byte> from);

  /// Returns once everything written is on stable storage (fdatasync).
  Task<> flush();
  /// Frees the range's blocks; it then reads as zeroes. The size stays.
  Task<> punch_hole(std::uint64_t offset_bytes, std::uint64_t size_bytes);
  /// Makes the range read as zeroes, keeping its blocks where it can.
  Task<> zero_range(std::uint64_t offset_bytes, std::uint64_t size_bytes);

 private:
  enum class CacheReads : std::uint8_t { Untried, Possible, Impossible };

  [[nodiscard]] Ring& ring();
  Task<> allocate(int mode, const char* doing, std::uint64_t offset_bytes,
                  std::uint64_t size_bytes);

  Executor executor_;
  UniqueFd descriptor_;
  std::string name_;
  Ring* ring_ = nullptr;  // its Loop's, once it is needed
  CacheReads cache_reads_ = CacheReads::Untried;
};

}  // namespace runtime
