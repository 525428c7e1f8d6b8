// TestNetwork: a network namespace of the test's own, with taps in it.
//
// The namespace is the calling thread's; nothing of it is seen outside, and it goes with the
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/unique_fd.hpp"

class TestNetwork {
 public:
  enum class Queues : std::uint8_t { One, Many };

  /// Skips the test, with a message, where there can be no taps.
  TestNetwork();

  /// A tap that is up, and stays until it is removed. Nobody is attached to it.
  void add_tap(const std::string& name, Queues queues = Queues::One);
  void remove_tap(const std::string& name);
};

/// The host's side of an interface: whole frames, as it would send and receive them itself.
class HostSide {
 public:
  explicit HostSide(const std::string& interface);
  void send(std::span<const std::byte> frame);
  /// The next frame with this EtherType that came out of the interface; empty if there is none.
  [[nodiscard]] std::vector<std::byte> receive(std::uint16_t ether_type);

 private:
  runtime::UniqueFd socket_;
};
