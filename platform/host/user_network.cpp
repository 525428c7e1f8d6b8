#include "platform/host/user_network.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "platform/user_net/protocol.hpp"
#include "runtime/error.hpp"
#include "runtime/finally.hpp"

namespace platform::host {
namespace {

using runtime::check;
using runtime::Finally;
using runtime::HostError;

constexpr const char* helper_name = "mayfly-user-net";
constexpr int longest_start_ms = 10'000;

/// What is behind the header; what is in front of it is shown to `visit`.
template <typename Byte, typename Visit>
void skip_header(std::span<const std::span<Byte>> frame, std::vector<std::span<Byte>>& rest,
                 Visit visit) {
  rest.clear();
  std::size_t header_bytes = frame_header_bytes;
  for (const std::span<Byte> part : frame) {
    const std::size_t skipped = std::min(header_bytes, part.size());
    if (skipped > 0) visit(part.first(skipped));
    header_bytes -= skipped;
    if (skipped < part.size()) rest.push_back(part.subspan(skipped));
  }
}

void require(int error_number, const std::string& program) {
  if (error_number != 0) throw HostError{error_number, "start '{}'", program};
}

/// As a program expects to be started by a shell: Ctrl-C on our terminal is the guest's affair, and
/// no signal of ours is blocked or ignored.
void prepare(posix_spawnattr_t& attributes) {
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
}

/// Nothing of our terminal; the socket where the helper looks for it.
void prepare(posix_spawn_file_actions_t& actions, int socket) {
  ::posix_spawn_file_actions_adddup2(&actions, socket, user_net::socket_descriptor);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  for (const int output : {STDOUT_FILENO, STDERR_FILENO}) {
    ::posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0);
  }
}

std::vector<std::string> arguments_of(const UserNetwork::Setup& setup) {
  std::vector<std::string> arguments{std::to_string(setup.mtu_bytes)};
  for (const PortForward& forward : setup.forwards) arguments.push_back(to_text(forward));
  return arguments;
}

}  // namespace

Helper::Helper(const std::string& program, const std::vector<std::string>& arguments,
               const runtime::UniqueFd& socket) {
  std::vector<char*> words{const_cast<char*>(program.c_str())};  // posix_spawn changes none
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  require(::posix_spawnattr_init(&attributes), program);
  const Finally destroy_attributes{[&] { ::posix_spawnattr_destroy(&attributes); }};
  require(::posix_spawn_file_actions_init(&actions), program);
  const Finally destroy_actions{[&] { ::posix_spawn_file_actions_destroy(&actions); }};
  prepare(attributes);
  prepare(actions, socket.get());
  require(::posix_spawnp(&process_, program.c_str(), &actions, &attributes, words.data(), environ),
          program);
}

Helper::~Helper() {
  ::kill(process_, SIGKILL);
  (void)runtime::retry_interrupted([this] { return ::waitpid(process_, nullptr, 0); });
}

std::string UserNetwork::default_helper() {
  std::array<char, 4096> path;
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  const std::string_view us{path.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  std::string beside = std::string{us.substr(0, us.rfind('/') + 1)} + helper_name;
  return ::access(beside.c_str(), X_OK) == 0 ? beside : helper_name;
}

UserNetwork::Ends UserNetwork::make_ends() {
  std::array<int, 2> ends{};
  check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()),
        "make a socket for user networking");
  return {runtime::UniqueFd{ends[0]}, runtime::UniqueFd{ends[1]}};
}

UserNetwork::UserNetwork(runtime::Executor executor, const Setup& setup)
    : UserNetwork{executor, setup, make_ends()} {}

UserNetwork::UserNetwork(runtime::Executor executor, const Setup& setup, Ends ends)
    : helper_{setup.helper, arguments_of(setup), ends.theirs},
      datagrams_{executor, std::move(ends.ours), "user networking"} {}

void UserNetwork::wait_until_ready() {
  pollfd socket{.fd = datagrams_.native_handle(), .events = POLLIN, .revents = 0};
  const int ready =
      runtime::retry_interrupted([&] { return ::poll(&socket, 1, longest_start_ms); });
  if (check(ready, "wait for user networking") == 0) {
    throw HostError{ETIMEDOUT, "wait for user networking"};
  }
  std::array<char, 1000> text;
  const std::array into{std::as_writable_bytes(std::span<char>{text})};
  const std::size_t size = datagrams_.receive(into).value_or(0);
  const std::string_view said{text.data(), size};
  if (said == user_net::greeting) return;
  // What it says is a whole line about an error of its own.
  throw std::runtime_error{said.empty() ? "user networking: its helper ended before it began"
                                        : std::string{said}};
}

std::optional<std::size_t> UserNetwork::receive(std::span<const std::span<std::byte>> into) {
  skip_header(into, receiving_,
              [](std::span<std::byte> header) { std::ranges::fill(header, std::byte{0}); });
  const auto size = datagrams_.receive(receiving_);
  if (!size) return std::nullopt;
  if (*size == 0) throw HostError{EPIPE, "use user networking, whose helper has ended"};
  return frame_header_bytes + *size;
}

bool UserNetwork::send(std::span<const std::span<const std::byte>> frame) try {
  skip_header(frame, sending_, [](std::span<const std::byte>) {});
  // An empty message would be the end.
  if (sending_.empty()) return true;
  return datagrams_.send(sending_);
} catch (const HostError& error) {
  // Larger than a socket takes: no frame.
  if (error.error_number() == EMSGSIZE) return true;
  throw;
}

}  // namespace platform::host
