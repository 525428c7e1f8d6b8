// The operator's terminal in raw mode, and always back.
//
// Threads: made and destroyed on one thread; the crash handlers run on any.
#pragma once

#include <termios.h>

#include <cstdint>

namespace platform::host {

/// Whether the descriptor is a terminal at all.
[[nodiscard]] bool is_terminal(int descriptor);

/// In characters; zeroes where the terminal does not know.
struct TerminalSize {
  std::uint16_t columns = 0;
  std::uint16_t rows = 0;
};
[[nodiscard]] TerminalSize terminal_size(int descriptor);

/// While it lives, the terminal passes every key on untouched (Ctrl-C too: it is the guest's).
/// Put back by the destructor, and by a handler when the process dies of SIGSEGV, SIGBUS, SIGFPE,
/// SIGILL, SIGABRT or SIGQUIT. One at a time in a process: there is one terminal.
class RawTerminal {
 public:
  /// Throws HostError when the descriptor is no terminal.
  explicit RawTerminal(int descriptor);
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  int descriptor_;
  termios before_;
};

}  // namespace platform::host
