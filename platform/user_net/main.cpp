// mayfly-user-net: user networking for one network device; see protocol.hpp.
#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <exception>
#include <span>
#include <string_view>

#include "platform/user_net/protocol.hpp"
#include "platform/user_net/slirp_network.hpp"
#include "runtime/error.hpp"

namespace {

using namespace platform;
using runtime::check;
using runtime::HostError;

constexpr uid_t nobody = 65534;  // and its group

/// What libslirp is tricked into may use sockets and read files that all may read; no more.
void give_up_rights() {
  check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "give up the right to new rights");
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  check(::setrlimit(RLIMIT_CORE, &none), "give up core dumps");
  // Root of a user namespace may not know of nobody; then it has little to give up.
  (void)::setgroups(0, nullptr);
  (void)::setresgid(nobody, nobody, nobody);
  (void)::setresuid(nobody, nobody, nobody);
}

std::size_t mtu_of(std::string_view text) {
  std::size_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error != std::errc{}) throw HostError{EINVAL, "understand the MTU '{}'", text};
  return bytes;
}

void say(std::string_view text) {
  (void)::send(user_net::socket_descriptor, text.data(), text.size(), MSG_NOSIGNAL);
}

void serve(std::span<const char* const> arguments) {
  // A copy: the descriptor itself stays for what there is to say when this fails.
  runtime::UniqueFd frames{
      check(::fcntl(user_net::socket_descriptor, F_DUPFD_CLOEXEC, 4), "use descriptor 3")};
  if (arguments.empty()) throw HostError{EINVAL, "go without an MTU; Mayfly starts this program"};
  user_net::SlirpNetwork network{std::move(frames), mtu_of(arguments[0])};
  for (const char* const text : arguments.subspan(1)) {
    const auto forward = parse_port_forward(text);
    if (!forward) throw HostError{EINVAL, "forward '{}'", text};
    network.forward(*forward);
  }
  // Ports below 1024 needed them.
  give_up_rights();
  say(user_net::greeting);
  network.run();
}

}  // namespace

int main(int argc, char** argv) {
  // Nothing of what Mayfly has open is for us.
  (void)::close_range(user_net::socket_descriptor + 1, ~0U, 0);
  try {
    serve(std::span<const char* const>{argv, static_cast<std::size_t>(argc)}.subspan(argc > 0 ? 1
                                                                                              : 0));
    return 0;
  } catch (const std::exception& error) {
    say(error.what());
    return 1;
  }
}
