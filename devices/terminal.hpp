// The byte stream at the far end of a serial line or console, and what becomes of its failures.
//
// Threads: all calls on the executor's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/byte_stream.hpp"
#include "runtime/log.hpp"
#include "runtime/task.hpp"

namespace devices {

class Terminal {
 public:
  /// `line` is what log messages call it; static storage.
  Terminal(runtime::ByteStream& stream, const char* line) : stream_{stream}, line_{line} {}

  /// A failure costs these bytes only. The first of a series is logged; a reader may come back.
  runtime::Task<> write(std::span<const std::byte> bytes);

  /// 0 once there will be no more. A failure is logged, and is the end of input too.
  runtime::Task<std::size_t> read(std::span<std::byte> into);

 private:
  runtime::ByteStream& stream_;
  const char* line_;
  std::uint64_t discarded_bytes_ = 0;  // since the stream failed; 0 while it works
  runtime::log::RateLimit log_limit_;  // a stream that comes and goes, while the guest prints
};

}  // namespace devices
