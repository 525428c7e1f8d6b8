#include "platform/host/terminal.hpp"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cassert>

#include "runtime/error.hpp"

namespace platform::host {
namespace {

// A signal handler finds its data here or nowhere. It is the terminal's state, not a VM's.
std::atomic<int> raw_descriptor = -1;
termios raw_before;

constexpr std::array fatal_signals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};

void restore_and_die(int signal) {
  const int descriptor = raw_descriptor.exchange(-1);
  if (descriptor >= 0) ::tcsetattr(descriptor, TCSANOW, &raw_before);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

/// Leaves alone what somebody else (a sanitizer, nohup) has taken.
void restore_before_dying_of(int signal) {
  struct sigaction current {};
  if (::sigaction(signal, nullptr, &current) != 0 || current.sa_handler != SIG_DFL) return;
  struct sigaction action {};
  action.sa_handler = restore_and_die;
  action.sa_flags = SA_NODEFER;
  (void)::sigaction(signal, &action, nullptr);
}

}  // namespace

bool is_terminal(int descriptor) {
  return ::isatty(descriptor) == 1;
}

TerminalSize terminal_size(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0) return {};
  return {.columns = size.ws_col, .rows = size.ws_row};
}

RawTerminal::RawTerminal(int descriptor) : descriptor_{descriptor} {
  runtime::check(::tcgetattr(descriptor_, &before_), "read the terminal's settings");
  raw_before = before_;
  [[maybe_unused]] const int other = raw_descriptor.exchange(descriptor_);
  assert(other == -1);
  for (const int signal : fatal_signals) restore_before_dying_of(signal);
  termios raw = before_;
  ::cfmakeraw(&raw);
  raw.c_oflag |= OPOST;  // our own lines on the same terminal still want their carriage returns
  runtime::check(::tcsetattr(descriptor_, TCSANOW, &raw), "put the terminal into raw mode");
}

RawTerminal::~RawTerminal() {
  raw_descriptor = -1;
  (void)::tcsetattr(descriptor_, TCSANOW, &before_);
}

}  // namespace platform::host
