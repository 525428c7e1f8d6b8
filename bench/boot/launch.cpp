#include "bench/boot/launch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "runtime/error.hpp"

namespace bench {

using runtime::check;
using runtime::retry_interrupted;
using runtime::UniqueFd;

namespace {

constexpr int console_capacity_bytes = 1 << 20;
constexpr Nanoseconds leisure_ns = 50'000'000;

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  check(::pipe2(ends.data(), O_CLOEXEC), "make a pipe");
  return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

/// In a process group of its own, so that helpers it may start end with it.
pid_t spawn(const std::filesystem::path& program, const std::vector<std::string>& arguments, int in,
            int out, int err) {
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);

  pid_t pid = -1;
  const int error =
      ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error) throw runtime::HostError{error, "start {}", program.string()};
  return pid;
}

}  // namespace

Launch::Launch(const std::filesystem::path& program, const std::vector<std::string>& arguments,
               Reading reading)
    : reading_{reading} {
  auto console = make_pipe();
  auto keyboard = make_pipe();
  ::fcntl(console.write_end.get(), F_SETPIPE_SZ, console_capacity_bytes);
  ::fcntl(console.read_end.get(), F_SETFL, O_NONBLOCK);
  errors_ =
      UniqueFd{check(::memfd_create("stderr", MFD_CLOEXEC), "make a file for error messages")};
  console_pipe_ = std::move(console.read_end);
  keyboard_ = std::move(keyboard.write_end);

  started_ = now_ns();
  pid_ = spawn(program, arguments, keyboard.read_end.get(), console.write_end.get(), errors_.get());
  process_ =
      UniqueFd{static_cast<int>(check(::syscall(SYS_pidfd_open, pid_, 0), "watch a process"))};
}

Launch::~Launch() {
  ::kill(-pid_, SIGKILL);
  if (!exited_) reap();
}

std::optional<Nanoseconds> Launch::wait_for_text(std::string_view text, Nanoseconds deadline) {
  for (std::size_t searched = 0;;) {
    const auto seen = now_ns();
    if (console_.find(text, searched) != std::string::npos) return seen;
    searched = console_.size() - std::min(console_.size(), text.size());
    if (exited_ || wait(deadline) == Waited::Deadline) return std::nullopt;
  }
}

std::optional<Nanoseconds> Launch::wait_for_exit(Nanoseconds deadline) {
  while (!exited_) {
    if (wait(deadline) == Waited::Deadline) return std::nullopt;
  }
  return exited_;
}

void Launch::type(std::string_view text) {
  check(retry_interrupted([&] { return ::write(keyboard_.get(), text.data(), text.size()); }),
        "type");
}

std::string Launch::complaints() const {
  std::string text(4096, '\0');
  const auto size = ::pread(errors_.get(), text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return text;
}

Launch::Waited Launch::wait(Nanoseconds deadline) {
  const auto left = deadline - now_ns();
  if (left <= 0) return Waited::Deadline;
  const bool at_once = reading_ == Reading::AtOnce;
  const auto time = at_once ? left : std::min(left, leisure_ns);
  // A console whose other end is closed would report that for ever: it is left out once it has.
  std::array<pollfd, 2> watched{
      {{process_.get(), POLLIN, 0}, {at_once ? console_pipe_.get() : -1, POLLIN, 0}}};
  const auto time_ms = static_cast<int>(time / 1'000'000 + 1);
  check(retry_interrupted([&] { return ::poll(watched.data(), watched.size(), time_ms); }),
        "wait for a monitor");
  if (watched[0].revents) {
    exited_ = now_ns();
    reap();
    read_console();
    return Waited::Exit;
  }
  if (!read_console()) reading_ = Reading::AtLeisure;
  return Waited::Console;
}

bool Launch::read_console() {
  std::array<char, 65536> chunk;
  for (;;) {
    const auto size = ::read(console_pipe_.get(), chunk.data(), chunk.size());
    if (size == 0) return false;
    if (size < 0) return true;
    if (!first_byte_) first_byte_ = now_ns();
    console_.append(chunk.data(), static_cast<std::size_t>(size));
  }
}

void Launch::reap() {
  retry_interrupted([&] { return ::waitpid(pid_, &status_, 0); });
}

}  // namespace bench
