// A machine's serial ports, all of one chip: what is done with them together.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "runtime/scope.hpp"
#include "runtime/task.hpp"
#include "vmm/config.hpp"

namespace vmm {

using OutputTime = std::optional<std::chrono::steady_clock::time_point>;

/// Of two moments that may not have come.
[[nodiscard]] inline OutputTime earlier(OutputTime one, OutputTime other) {
  return !other || (one && *one < *other) ? one : other;
}

/// `Port` is a devices::SerialPort.
template <typename Port>
class SerialPorts {
 public:
  /// `number` counts from 0; once for each.
  template <typename... Args>
  Port& emplace(std::size_t number, Args&&... args) {
    ports_.at(number) = std::make_unique<Port>(std::forward<Args>(args)...);
    return *ports_[number];
  }

  void run(runtime::Scope& tasks) {
    for (const auto& port : ports_) {
      if (port) tasks.spawn(port->run());
    }
  }

  /// Returns when the ports' streams have taken all that the guest sent.
  runtime::Task<> drain() {
    for (const auto& port : ports_) {
      if (port) co_await port->drain();
    }
  }

  [[nodiscard]] std::uint64_t sent_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& port : ports_) {
      if (port) bytes += port->sent_bytes();
    }
    return bytes;
  }

  /// When any of them sent its first byte.
  [[nodiscard]] OutputTime first_byte_sent_at() const {
    OutputTime first;
    for (const auto& port : ports_) {
      if (port) first = earlier(first, port->first_byte_sent_at());
    }
    return first;
  }

 private:
  std::array<std::unique_ptr<Port>, serial_port_count> ports_;
};

}  // namespace vmm
