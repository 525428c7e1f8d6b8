// Ctrl-Q in the console: the one key that is ours and not the guest's.
#pragma once

#include <cstddef>
#include <span>

namespace vmm {

/// Takes escape sequences out of what is typed: Ctrl-Q q asks to quit, Ctrl-Q Ctrl-Q is one
/// Ctrl-Q for the guest, Ctrl-Q and any other key is nothing.
class EscapeFilter {
 public:
  struct Typed {
    std::size_t size_bytes;  ///< What is left for the guest, at the front of the buffer.
    bool quit;               ///< What was typed after it is dropped.
  };

  /// Filters `keys` in place. A sequence may be cut anywhere between two calls.
  [[nodiscard]] Typed filter(std::span<std::byte> keys);

 private:
  bool after_escape_ = false;
};

}  // namespace vmm
