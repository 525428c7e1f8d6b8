// A network for one guest that needs no rights on the host: a helper turns the guest's connections
// into its own (platform/user_net).
//
// Threads: all calls on the Loop's thread.
#pragma once

#include <sys/types.h>

#include <array>
#include <string>
#include <vector>

#include "platform/network_link.hpp"
#include "platform/port_forward.hpp"
#include "runtime/datagrams.hpp"
#include "runtime/unique_fd.hpp"

namespace platform::host {

/// A child process with one end of a socket; it is killed in the end.
class Helper {
 public:
  /// Throws HostError.
  Helper(const std::string& program, const std::vector<std::string>& arguments,
         const runtime::UniqueFd& socket);
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;
  ~Helper();

 private:
  pid_t process_ = -1;
};

class UserNetwork final : public NetworkLink {
 public:
  struct Setup {
    std::vector<PortForward> forwards = {};
    std::uint16_t mtu_bytes = 1500;
    std::string helper = default_helper();
  };
  /// The program beside ours, or wherever PATH has it.
  [[nodiscard]] static std::string default_helper();

  /// Starts the helper, and does not wait for it. Throws HostError.
  UserNetwork(runtime::Executor executor, const Setup& setup);

  /// Returns once it works; blocks until then, a few milliseconds. Throws HostError, or
  /// runtime_error with the helper's own words, if it never will.
  void wait_until_ready();

  [[nodiscard]] NetworkOffloads offloads() const override { return {}; }
  void give(const NetworkOffloads&) override {}
  void use(LinkQueueUse) override {}
  [[nodiscard]] std::optional<std::size_t> receive(
      std::span<const std::span<std::byte>> into) override;
  [[nodiscard]] bool send(std::span<const std::span<const std::byte>> frame) override;
  runtime::Task<> receivable() override { return datagrams_.receivable(); }
  runtime::Task<> sendable() override { return datagrams_.sendable(); }

 private:
  struct Ends {
    runtime::UniqueFd ours;
    runtime::UniqueFd theirs;
  };
  UserNetwork(runtime::Executor executor, const Setup& setup, Ends ends);
  static Ends make_ends();

  Helper helper_;
  runtime::Datagrams datagrams_;
  // Without the header; kept only so as not to be made anew for each frame.
  std::vector<std::span<std::byte>> receiving_;
  std::vector<std::span<const std::byte>> sending_;
};

}  // namespace platform::host
