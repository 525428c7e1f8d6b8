// Listener: a Unix stream socket at a path, for clients one after another.
//
// Threads: all calls on the Loop's thread.
// Trust:   whoever may connect is decided by the directory's permissions, not here.
#pragma once

#include <sys/types.h>

#include <asio/posix/basic_stream_descriptor.hpp>
#include <string>

#include "runtime/task.hpp"
#include "runtime/unique_fd.hpp"

namespace runtime {

class Listener {
 public:
  /// Binds and listens. A socket file nobody listens on any more is replaced; one that somebody
  /// does listen on, or anything else at that path, is left alone and is a HostError.
  Listener(Executor executor, std::string path);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  /// Removes the socket file, if it still is ours.
  ~Listener();

  /// Waits for a client. One task at a time. Throws HostError.
  Task<UniqueFd> accept();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  /// Which file is ours, should another process have put its own in its place.
  struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const FileIdentity&) const = default;
  };
  static FileIdentity identify(const std::string& path) noexcept;

  std::string path_;
  asio::posix::basic_stream_descriptor<Executor> socket_;
  FileIdentity identity_;
};

}  // namespace runtime
