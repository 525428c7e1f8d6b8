// What was typed and the guest has not taken yet. It is read from the terminal or socket all the
// time, also while the guest does not listen: how else would Ctrl-Q, or a client's leaving, be
// seen.
//
// Threads: the Loop's.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "runtime/local_event.hpp"
#include "runtime/task.hpp"

namespace vmm {

class TypedInput {
 public:
  static constexpr std::size_t capacity_bytes = 4096;

  explicit TypedInput(runtime::Executor executor) : arrived_{executor}, taken_{executor} {}

  /// Keeps what there is room for and drops the rest: a terminal's typist sees that nothing
  /// happens.
  void add_or_drop(std::span<const std::byte> keys);
  /// Waits for room: a pipe's or socket's writer can wait.
  runtime::Task<> add(std::span<const std::byte> bytes);
  /// There will be no more.
  void end();

  /// Waits for bytes; 0 once the end has been reached.
  runtime::Task<std::size_t> take(std::span<std::byte> into);

 private:
  std::vector<std::byte> bytes_;
  bool ended_ = false;
  runtime::LocalEvent arrived_;
  runtime::LocalEvent taken_;
};

}  // namespace vmm
