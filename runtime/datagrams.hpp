// Datagrams: a descriptor that gives and takes whole messages: a tap, a socket.
//
// Threads: all calls on the Loop's thread.
#pragma once

#include <asio/posix/basic_stream_descriptor.hpp>
#include <optional>
#include <span>
#include <string>

#include "runtime/task.hpp"
#include "runtime/unique_fd.hpp"

namespace runtime {

class Datagrams {
 public:
  /// Sets O_NONBLOCK. `name` appears in errors. Throws HostError.
  Datagrams(Executor executor, UniqueFd descriptor, std::string name);

  // Neither waits. Of more than 1024 buffers the first 1024 count. Throw HostError.

  /// The next message, cut off where the buffers end; its size as far as it fitted. Nothing if
  /// there is none now. A socket whose other side has gone gives one of no bytes, for ever.
  [[nodiscard]] std::optional<std::size_t> receive(std::span<const std::span<std::byte>> into);
  /// False if there is no room for the message now.
  [[nodiscard]] bool send(std::span<const std::span<const std::byte>> message);

  // Wait until there may be a message, or room for one: one task each. Return at once, always, when
  // the descriptor is of no use any more. Always let other tasks run first. Throw HostError.

  Task<> receivable();
  Task<> sendable();

  [[nodiscard]] int native_handle() { return descriptor_.native_handle(); }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  asio::posix::basic_stream_descriptor<Executor> descriptor_;
};

}  // namespace runtime
