// FileWatch: waits until a file may have changed, without looking at it time and again.
//
// Spec:    inotify(7). A block device's size changes without a notice.
// Threads: all calls on the Loop's thread.
#pragma once

#include <asio/posix/basic_stream_descriptor.hpp>

#include "runtime/task.hpp"

namespace runtime {

class FileWatch {
 public:
  /// Watches the file behind a descriptor, which need not stay open. Throws HostError.
  FileWatch(Executor executor, int file);

  /// Returns once the file has been written to or resized, by anybody, since the last call; one
  /// task at a time. Many changes are one.
  Task<> changed();

 private:
  asio::posix::basic_stream_descriptor<Executor> inotify_;
};

}  // namespace runtime
