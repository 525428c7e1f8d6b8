// Ring: the io_uring operations Asio lacks, on a small ring of our own beside Asio's.
//
// Asio's files call fsync in place, which would stall every device of a Loop.
//
// Threads: all calls on the Loop's thread.
#pragma once

#include <cstdint>
#include <memory>

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

  // Each returns 0 or a negative errno, as the kernel does. A task stopped meanwhile asks the
  // kernel to give up, but waits until the kernel has said that it is done.

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
