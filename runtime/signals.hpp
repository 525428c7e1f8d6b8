// Signals: SIGINT, SIGTERM, SIGWINCH and the like as something a task waits for.
//
// Threads: next() on the Loop's thread. Construct it on the main thread before any other thread
//          starts: the signals are blocked in this thread and those it makes from then on.
#pragma once

#include <signal.h>

#include <asio/posix/basic_stream_descriptor.hpp>
#include <initializer_list>

#include "runtime/task.hpp"

namespace runtime {

class Signals {
 public:
  /// Blocks the signals, so that they neither interrupt nor kill but queue here. A process
  /// started meanwhile inherits the blocking. Throws HostError.
  Signals(Executor executor, std::initializer_list<int> numbers);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  /// Forgets what is queued and puts this thread's signal mask back.
  ~Signals();

  /// Waits for the next signal and returns its number. One task at a time. Signals of one number
  /// coalesce while nobody waits.
  Task<int> next();

 private:
  /// Blocks signals while it lives.
  class Blocked {
   public:
    explicit Blocked(const sigset_t& set);
    ~Blocked();
    Blocked(const Blocked&) = delete;
    Blocked& operator=(const Blocked&) = delete;

   private:
    sigset_t before_;
  };

  Blocked blocked_;
  asio::posix::basic_stream_descriptor<Executor> signalfd_;
};

}  // namespace runtime
