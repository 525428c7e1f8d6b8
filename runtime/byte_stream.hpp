// ByteStream: bytes in and bytes out, with no end of message. What serial ports and consoles
// talk to, whether a terminal, a pipe, a socket or a file is behind it.
//
// Threads: all calls on the Loop's thread.
#pragma once

#include <cstddef>
#include <span>

#include "runtime/task.hpp"

namespace runtime {

class ByteStream {
 public:
  virtual ~ByteStream() = default;

  /// Waits for bytes and takes some of them: at least one, at most into.size(). 0 is the end of
  /// the stream (or an empty `into`). One reader at a time. Throws HostError.
  virtual Task<std::size_t> read_some(std::span<std::byte> into) = 0;

  /// Returns once every byte has been handed over. One writer at a time; reading goes on beside
  /// it. Throws HostError when the other side is gone or the disk is full; some of the bytes may
  /// have been written then, as when the writer is stopped.
  virtual Task<> write_all(std::span<const std::byte> from) = 0;
};

}  // namespace runtime
