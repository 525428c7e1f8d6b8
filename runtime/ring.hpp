// Ring: what files need of io_uring, on a small ring of our own beside Asio's.
//
// Asio's files call fsync in place, which would stall every device of a Loop, and run the reads of
// one file one after another. All operations that tasks begin in one turn of the Loop are submitted
// by one system call, and what the kernel has done by then (reads from the page cache) is collected
// right away: such a batch costs no other.
//
// Threads: all calls on the Loop's thread.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>

#include "runtime/task.hpp"

namespace runtime {

class Ring {
 public:
  /// The Ring of the Loop behind `executor`, made by the first call. Throws HostError when the
  /// host has no io_uring.
  [[nodiscard]] static Ring& of(Executor executor);

  explicit Ring(Executor executor);
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  /// No operation may be in flight.
  ~Ring();

  // Each returns what the kernel says: a negative errno, or how much was done. A task stopped
  // meanwhile asks the kernel to give up, but waits until the kernel has said that it is done.

  /// preadv(2) and pwritev(2), of at most IOV_MAX vectors; these stay alive, too.
  Task<int> read(int descriptor, std::span<const iovec> into, std::uint64_t offset_bytes);
  Task<int> write(int descriptor, std::span<const iovec> from, std::uint64_t offset_bytes);

  /// Puts a file's data, and the metadata needed to find it, on stable storage.
  Task<int> fdatasync(int descriptor);
  /// fallocate(2): `mode` is FALLOC_FL_*.
  Task<int> fallocate(int descriptor, int mode, std::uint64_t offset_bytes,
                      std::uint64_t size_bytes);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace runtime
